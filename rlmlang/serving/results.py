"""What a run gave, as a reply: its answer, evidence that can be read, and the receipt."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from urllib.parse import quote

from rlmlang.budget import Usage
from rlmlang.execute.plain_values import jsonable
from rlmlang.ir.types import Type
from rlmlang.models.offline import NAME, NOTICE
from rlmlang.report.evidence import Answers
from rlmlang.report.fitted import shortened
from rlmlang.report.receipt import receipt_texts
from rlmlang.report.text import as_text
from rlmlang.runtime.prepared import Outcome, Prepared
from rlmlang.runtime.shown import line_finder
from rlmlang.serving.offers import Link, Reply
from rlmlang.serving.schemas import Schema, value_schema
from rlmlang.value import Json

SCHEME = "rlm"
WIDEST = 60_000
"""Characters of an answer in a reply; a longer one is a link."""
LINKS, SAID = 20, 300  # links to evidence; characters of what is said of a place
ANSWER = "answer"


def result_schema(type_: Type) -> Schema:
    """What the reply of a run says; a `result` that is too long is a link."""
    amount: Schema = {"type": ["number", "null"]}
    spent: dict[str, Json] = dict.fromkeys(("calls", "tok_in", "tok_out", "usd"), amount)
    text: Schema = {"type": "string"}
    return {
        "type": "object",
        "properties": {
            "run": text,
            "result": value_schema(type_),
            "spent": {"type": "object", "properties": spent},
            "reused": {"type": "integer"},
            "evidence": {"type": "array", "items": {"type": "object"}},
            "receipt": {"type": "array", "items": text},
            "notices": {"type": "array", "items": text},
        },
    }


def uri_of(run: str, what: str) -> str:
    """The URI of a call of a run, or of its answer."""
    return f"{SCHEME}://run/{quote(run, safe='')}/{quote(what, safe='')}"


def run_reply(outcome: Outcome, ready: Prepared, answers: Answers) -> Reply:
    """The reply of a run that finished."""
    result = jsonable(outcome.result)
    links = list(_evidence(outcome.run, result, ready, answers))
    receipt = _receipt(outcome, ready)
    text, whole = as_text(result), len(json.dumps(result)) <= WIDEST
    values: dict[str, Json] = {
        "run": outcome.run,
        "spent": _spent(outcome.now, priced=outcome.priced),
        "reused": outcome.reused,
        "evidence": [{"uri": x.uri, "place": x.name, "said": x.words} for x in links],
        "receipt": list(receipt),
        "notices": [notice.message for notice in outcome.notices],
    }
    if whole:
        values["result"] = result
    else:
        links.insert(
            0, Link(uri_of(outcome.run, ANSWER), "the whole answer", f"{len(text):,} characters")
        )
        text = f"{text[:SAID]}…\n(an answer of {len(text):,} characters: read its link)"
    return Reply("\n".join((text, "receipt", *receipt)), values, tuple(links))


def _evidence(run: str, result: Json, ready: Prepared, answers: Answers) -> Iterator[Link]:
    """Places whose answers went into the result: a link leads to the call that read each."""
    find = line_finder(ready.inputs)
    for event, place, said in islice(answers.cited(result, find), LINKS):
        yield Link(uri_of(run, str(event.call)), place, shortened(said, SAID))


def _receipt(outcome: Outcome, ready: Prepared) -> list[str]:
    rules = any(bound.name == NAME for bound in ready.binding.models.values())
    texts = receipt_texts(
        outcome.run,
        outcome.receipt,
        outcome.usage,
        outcome.seconds,
        NOTICE if rules else "",
        priced=outcome.priced,
        reused=outcome.reused,
        unanswered=outcome.unanswered,
        notices=[notice.message for notice in outcome.notices],
        seen_with="the tool `show`",
    )
    return [text.plain.strip() for text in texts]


def _spent(usage: Usage, *, priced: bool) -> Mapping[str, Json]:
    return {
        "calls": usage.calls,
        "tok_in": usage.tokens_in,
        "tok_out": usage.tokens_out,
        "usd": float(usage.usd) if priced else None,
    }
