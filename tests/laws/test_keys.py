"""Keys of requests: the same for the same meaning, another for anything that may change an answer."""

from __future__ import annotations

import dataclasses
from email.utils import formatdate

import pytest
from dspy.lm15 import Config, Message, Request
from hypothesis import given, settings
from hypothesis import strategies as st

from rlmlang.budget import Account
from rlmlang.ir.binding import BoundModel
from rlmlang.ir.calls import CallId
from rlmlang.models.engines.call_context import CallContext
from rlmlang.models.engines.draws import Draws
from rlmlang.models.engines.meter import Meter
from rlmlang.models.refusals import retry_after
from rlmlang.partitions.measure import Estimate

TEXT = st.text(min_size=1, max_size=40)
PARTS = st.fixed_dictionaries({
    "model": st.sampled_from(["a/b", "c/d"]), "system": TEXT, "asked": TEXT,
    "temperature": st.sampled_from([None, 0.0, 1.0]), "output": st.sampled_from([1, 2]),
    "endpoint": st.sampled_from(["", "http://x"]),
})  # fmt: skip


def key(parts: dict, account: str = "a", item: str = "x[0]") -> bytes:
    config = Config(max_tokens=parts["output"], temperature=parts["temperature"])
    request = Request(
        model=parts["model"],
        system=parts["system"],
        config=config,
        messages=(Message.user(parts["asked"]),),
    )
    meter = Meter(Estimate(), BoundModel("", "", None), parts["endpoint"])
    return meter.sending(
        request, CallContext(Account(account), 5, CallId("step", item)), Draws()
    ).key


@settings(max_examples=2_000, deadline=None)
@given(a=PARTS, b=PARTS)
def test_keys_are_equal_exactly_when_requests_are(a: dict, b: dict) -> None:
    assert (key(a) == key(b)) == (a == b)


@settings(max_examples=200, deadline=None)
@given(a=PARTS)
def test_who_asks_does_not_matter(a: dict) -> None:
    assert key(a) == key(a, "other", "y[9]")


def test_a_key_is_written_down() -> None:
    """A change of this value makes everybody pay again: it needs a reason."""
    parts = {
        "model": "a/b",
        "system": "s",
        "asked": "é",
        "temperature": 0.0,
        "output": 9,
        "endpoint": "",
    }
    assert key(parts).hex() == "9056903600d71f1b28e250e0662136afbb54701c5f63423a4ecbef31a2b0ecd2"


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("2", 2.0),
        ("0.5", 0.5),
        ("3600", 3600.0),
        ("-1", None),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("1e3", None),
        (formatdate(1_000_030, usegmt=True), 30.0),
        (formatdate(999_000, usegmt=True), 0.0),
        ("Fri, 99 Foo 2026", None),
    ],
)
def test_retry_after_in_all_its_forms(said: str, wait: float | None) -> None:
    assert retry_after({"retry-after": said}, 1_000_000.0) == wait


def test_milliseconds_come_first() -> None:
    assert retry_after({"retry-after": "9", "retry-after-ms": "250"}, 0.0) == 0.25


def test_no_field_of_a_request_is_forgotten() -> None:
    """Fields of a config that are new to DSPy must be put into the key, or named here."""
    known = {
        "max_tokens",
        "temperature",
        "top_p",
        "top_k",
        "stop",
        "seed",
        "response_format",
        "tool_choice",
        "reasoning",
        "cache",
        "frequency_penalty",
        "presence_penalty",
        "service_tier",
        "user_id",
        "store",
        "extensions",
        "logprobs",
        "top_logprobs",
        "n",
        "probabilities",
    }
    assert {f.name for f in dataclasses.fields(Config)} <= known
