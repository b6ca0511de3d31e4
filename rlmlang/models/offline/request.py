"""What is sent in any form of answer, read back: the task, the fields, the demonstrations."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from dspy.lm15 import Request

from rlmlang.ir.answer_forms import ALONE, RESULT

MARK = "[[ ## {} ## ]]"
LISTED = re.compile(r"^\d+\. `(\w+)` \((.*?)\):(.*)$", re.MULTILINE)
OBJECTIVE = "In adhering to this structure, your objective is:"
SCHEMA = "must adhere to the JSON schema: "
ONE_OF = "one of: "
REMINDERS = (
    "Respond with the corresponding output fields",
    "Respond with a JSON object in the following order of fields",
    ALONE.format(f"`{RESULT}`"),
)
REMINDER = re.compile(rf"\n\n(?:{'|'.join(map(re.escape, REMINDERS))})[^\n]*\s*\Z")
"""What stands behind the inputs: how the answer is wanted."""


@dataclass(frozen=True)
class Output:
    """A field to be answered: text, bool, int, float, label (one of) or schema."""

    name: str
    kind: str
    words: str = ""
    labels: tuple[str, ...] = ()
    schema: dict[str, Any] | None = None


@dataclass(frozen=True)
class Task:
    """A request as the reader sees it."""

    instructions: str
    inputs: dict[str, str]
    outputs: tuple[Output, ...]
    demos: tuple[tuple[dict[str, str], dict[str, str]], ...]


def read_request(request: Request) -> Task:
    """The task behind a request, whatever form its answer is to have."""
    system = (
        request.system
        if isinstance(request.system, str)
        else "".join(p.text for p in request.system or ())
    )
    head, _, instructions = system.partition(OBJECTIVE)
    ins, _, outs = head.partition("Your output fields are:")
    outs, _, layout = outs.partition("All interactions will be structured")
    names = [m.group(1) for m in LISTED.finditer(ins)]
    outputs = tuple(
        _output(m.group(1), m.group(2), m.group(3).strip(), layout) for m in LISTED.finditer(outs)
    )
    turns = [m.text or "" for m in request.messages]
    last = REMINDER.sub("", turns[-1])
    out_names = [o.name for o in outputs]
    demos = tuple(
        (fields(turns[i], names), _answers(turns[i + 1], out_names))
        for i in range(0, len(turns) - 2, 2)
    )
    return Task(instructions.strip(), fields(last, names), outputs, demos)


def _answers(text: str, names: list[str]) -> dict[str, str]:
    """The outputs of a demonstration: below headers, in JSON, or one as it is."""
    if any(MARK.format(name) in text for name in names):
        return fields(text, names)
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if isinstance(found, dict) and found.keys() <= set(names):
        return {n: v if isinstance(v, str) else json.dumps(v) for n, v in found.items()}
    return {names[0]: text.strip()} if names else {}


def fields(text: str, names: list[str]) -> dict[str, str]:
    """The values of the named fields, found from the end, so that data cannot open a field."""
    found: dict[str, str] = {}
    end = text.rfind(MARK.format("completed"))
    end = end if end >= 0 else len(text)
    for name in reversed(names):
        mark = MARK.format(name)
        at = text.rfind(mark, 0, end)
        if at >= 0:
            found[name] = text[at + len(mark) : end].strip()
            end = at
    return {n: found[n] for n in names if n in found}


def _output(name: str, type_: str, words: str, layout: str) -> Output:
    at = layout.find(MARK.format(name))
    note = layout[at : layout.find("\n\n[[", at)] if at >= 0 else ""
    if SCHEMA in note:
        text = note.split(SCHEMA, 1)[1]
        try:
            schema = json.JSONDecoder().raw_decode(text)[0]
        except ValueError:
            schema = {}
        return Output(name, "schema", words, schema=schema)
    if "must exactly match" in note and ONE_OF in note:
        return Output(name, "label", words, tuple(note.split(ONE_OF, 1)[1].strip().split("; ")))
    kinds = {"True or False": "bool", "single int": "int", "single float": "float"}
    return Output(name, next((k for mark, k in kinds.items() if mark in note), "text"), words)
