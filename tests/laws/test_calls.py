"""The identity of a call and its one text form."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from rlmlang.ir.calls import CallId

NAME = st.from_regex(r"[a-z][a-z_0-9]{0,5}(\.[a-z]{1,4})?", fullmatch=True)
PATH = st.lists(st.integers(0, 99) | st.sampled_from(["all", "end", "join1", "last0", "prune"]),
                max_size=4)  # fmt: skip
INSIDE = st.lists(st.tuples(st.sampled_from(["turn", "query", "child"]), st.integers(0, 20)),
                  max_size=3)  # fmt: skip


@given(NAME, PATH, INSIDE, st.integers(0, 3))
def test_a_call_is_read_back_from_its_text(
    step: str, path: list[str | int], inside: list[tuple[str, int]], attempt: int
) -> None:
    call = CallId.of(step, *path)
    for what, number in inside:
        call = call.inside(what, number)
    call = call.again(attempt)
    assert CallId.parse(step, str(call), attempt) == call
    assert call.path == tuple(map(str, path))
    assert call.branches == tuple(int(p) for p in path[: len(call.branches)])


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_text_is_kept_as_it_is(step: str, text: str) -> None:
    assert str(CallId.parse(step, text)) == text


def test_what_is_read_of_a_call() -> None:
    told = {
        "who": (None, (), False, 0),
        "notes[3]": (3, (3,), False, 0),
        "notes[end.0]": (None, (), False, 0),
        "result[all]": (None, (), False, 0),
        "result[0.2]": (None, (0, 2), False, 0),
        "result[0.2.join1.0]": (None, (0, 2), False, 0),
        "result[0.2.prune]": (None, (0, 2), False, 0),
        "said[3].turn 2": (None, (3,), True, 0),
        "said.last": (None, (), True, 0),
        "said.query 4": (None, (), False, 1),
        "said.child 1.turn 0": (None, (), True, 1),
        "said.child 1.query 2": (None, (), False, 2),
        "said.child 1.child 2.last": (None, (), True, 2),
    }
    for text, wanted in told.items():
        step = text.partition("[")[0].partition(".")[0]
        call = CallId.parse(step, text)
        assert (call.index, call.branches, call.own, call.sessions) == wanted, text


def test_calls_are_ordered_as_people_do() -> None:
    texts = ["n[2]", "n[10]", "n[10].turn 9", "n[10].turn 10"]
    calls = [CallId.parse("n", text) for text in reversed(texts)]
    assert [str(c) for c in sorted(calls, key=lambda c: c.order)] == texts
    assert CallId("n").again(1).order > CallId("n").order
