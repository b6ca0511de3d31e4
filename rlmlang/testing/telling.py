"""Tested tests told: as text for people, as JUnit for machines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from xml.etree import ElementTree

from rlmlang.diagnostics.render import render
from rlmlang.testing.tests import Tested
from rlmlang.trajectory.events import CallFailed, CallFinished, Event
from rlmlang.unicode import encodable

CALLS = 12
ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MARKS = re.compile(r"\[\[ ## \w+ ## \]\]")
WIDE = 100


def lines_of(tested: Tested) -> list[str]:
    """A test in one line; a failed one with what was expected, what came, and its calls."""
    word = "ok  " if tested.passed else "FAIL"
    test = tested.test
    out = [f'{word} {test.recipe}: "{test.name}"  ({tested.seconds:.2f} s)']
    if tested.passed:
        return out
    out.append(f"     {test.base}:{test.line}")
    for missed in tested.missed:
        out += [
            f"     expected   {missed.words}   (line {missed.line})",
            f"     got        {missed.got}",
        ]
        if missed.wanted:
            out.append(f"     beside     {missed.wanted}")
    if tested.problem is not None:
        text = render(tested.problem.diagnostic, colour=False)
        out += [f"     {line}" for line in text.splitlines()]
    return [*out, *(f"     {line}" for line in trajectory(tested.events))]


def trajectory(events: Iterable[Event]) -> list[str]:
    """The first calls of a test, with their answers."""
    calls = [e for e in events if isinstance(e, CallFinished | CallFailed)]
    if not calls:
        return []
    out = ["the calls:"]
    for e in calls[:CALLS]:
        said = " ".join(MARKS.sub(" ", e.answer).split()) or "(nothing)"
        bad = f" ({e.code})" if isinstance(e, CallFailed) else ""
        out.append(f"  {e.call}{bad}: {said[:WIDE]}{'…' if len(said) > WIDE else ''}")
    more = len(calls) - CALLS
    return [*out, f"  and {more:,} more"] if more > 0 else out


def legal(text: str) -> str:
    """Text with U+FFFD in place of what XML cannot hold: control characters, lone halves."""
    return ILLEGAL.sub("\ufffd", encodable(text))


def junit(suites: Sequence[tuple[str, Sequence[Tested], Sequence[tuple[str, str]]]]) -> str:
    """JUnit XML, a suite for each of these: its name, what was tested, and the files that cannot be
    tested, with what is wrong with them. Each is one case."""
    root = ElementTree.Element("testsuites")
    for name, tested, broken in suites:
        suite = ElementTree.SubElement(root, "testsuite", _counts(name, tested, len(broken)))
        for one in tested:
            _case(suite, one)
        for path, words in broken:
            about = _about(path, "check", 0.0)
            case = ElementTree.SubElement(suite, "testcase", about)
            message = {"message": "the file cannot be tested"}
            ElementTree.SubElement(case, "error", message).text = legal(words)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True)


def _counts(name: str, tested: Sequence[Tested], broken: int) -> dict[str, str]:
    return {
        "name": name,
        "tests": str(len(tested) + broken),
        "failures": str(sum(1 for x in tested if not x.passed and x.problem is None)),
        "errors": str(broken + sum(1 for x in tested if x.problem is not None)),
        "time": f"{sum(x.seconds for x in tested):.3f}",
    }


def _about(path: str, name: str, seconds: float) -> dict[str, str]:
    return {
        "classname": legal(path),
        "name": legal(name),
        "time": f"{seconds:.3f}",
        "file": legal(path),
    }


def _case(suite: ElementTree.Element, one: Tested) -> None:
    about = {**_about(one.test.base, one.test.name, one.seconds), "line": str(one.test.line)}
    case = ElementTree.SubElement(suite, "testcase", about)
    if not one.passed:
        kind = "error" if one.problem is not None else "failure"
        words = "\n".join(lines_of(one)[1:])
        first = str(one.problem) if one.problem else one.missed[0].words
        ElementTree.SubElement(case, kind, {"message": legal(first)}).text = legal(words)
