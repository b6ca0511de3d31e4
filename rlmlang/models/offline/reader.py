"""The rules of offline/reader: an answer for each kind of field, or the empty value.

Text: the sentences of the inputs that hold most of the question's words. Labels and truth: the
nearest demonstration, else the label whose name and documentation share most words with the
input. Numbers, dates, lists and records: field by field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dspy.lm15 import Message, Request, Response, TextPart, Usage

from rlmlang.models.offline import NOTICE
from rlmlang.models.offline.code import code, is_session
from rlmlang.models.offline.evidence import (
    DATE,
    NUMBER,
    best,
    central,
    overlap,
    stem,
    within,
    words,
)
from rlmlang.models.offline.request import MARK, Output, Task, read_request
from rlmlang.value import Json

ASKING = tuple("question query claim topic ask about want what focus subject".split())
HINT = "focus"
QUIET = ("none", "other", "unknown", "nothing", "neutral", "silent")
MOST_ITEMS = 8
LONGEST = 400  # characters of a question
NOTHING = "nothing"  # what is said where there is nothing to read
Schema = Mapping[str, Any]  # as pydantic writes it
Record = dict[str, Json]


class OfflineReader:
    """An engine that answers by rules. The same request always has the same answer; `endpoint`
    changes with the rules, so that answers of earlier ones are not used again."""

    endpoint = "rules 3"

    async def complete(self, request: Request) -> Response:
        """The answer, with its usage counted at four characters a token."""
        task = read_request(request)
        fields = [f"{MARK.format(o.name)}\n{_written(answer(task, o))}" for o in task.outputs]
        said = "\n\n".join([*fields, MARK.format("completed")]) if fields else _spoken(request)
        sent = sum(len(m.text or "") for m in request.messages) + len(str(request.system or ""))
        return Response(
            id="offline",
            model=request.model,
            message=Message.assistant([TextPart(said)]),
            finish_reason="stop",
            usage=Usage(input_tokens=sent // 4 + 1, output_tokens=len(said) // 4 + 1),
        )

    async def close(self) -> None:
        """Nothing is held open."""


def _spoken(request: Request) -> str:
    """The answer to what asks for no fields: of its paragraphs, those that ask something are the
    question, the others are what is read."""
    parts = (request.messages[-1].text or "").split("\n\n")
    asked = [p for p in parts if p.rstrip().endswith("?") and len(p) < LONGEST]
    return text(" ".join(asked), "\n\n".join(p for p in parts if p not in asked)) or NOTHING


def _written(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "True" if value else "False"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def answer(task: Task, output: Output) -> Json:
    """The value of one output field."""
    if is_session(task):
        return code(task, ASKING)
    question, context = question_and_context(task)
    match output.kind:
        case "label":
            return label(task, output.name, output.labels, output.words, context)
        case "bool":
            return truth(task, output.name, question, context)
        case "int" | "float":
            return number(question, context, whole=output.kind == "int") or 0
        case "schema":
            return _by_schema(task, output, question, context)
    if output.name == "reasoning":
        return f"{NOTICE}: the answer was found by word overlap."
    said = text(question, context)
    if not said and HINT in task.inputs:
        said = text("", context)  # a focus weighs what is said, it does not ask
    return within(said, output.words)


def question_and_context(task: Task) -> tuple[str, str]:
    """What is asked, and what is to be read. Without a question the whole input is read."""
    names = list(task.inputs)
    asked = [n for n in names if n.rstrip("_") in ASKING]
    if not asked and len(names) > 1:
        asked = [n for n in names if task.inputs[n].endswith("?") and len(task.inputs[n]) < LONGEST]
    question = " ".join(task.inputs[n] for n in asked)
    context = "\n".join(
        task.inputs[n] for n in names if n not in asked and n not in ("problem", "earlier_answer")
    )
    return question, context


def text(question: str, context: str) -> str:
    """The best sentences for the question; a plain summary where nothing is asked."""
    found = best(question, context) if question else central(context)
    return " ".join(s.text for s in found)


def label(task: Task, name: str, labels: tuple[str, ...], docs: str, context: str) -> str:
    """The label of the nearest demonstration, else the label nearest by its own words."""
    near = _nearest_demo(task, name, context)
    if near is not None and near in labels:
        return near
    about = label_words(labels, docs)
    bag = words(context)
    scores = {n: sum(bag.count(w) for w in about[n]) for n in labels}
    top = max(scores.values(), default=0)
    if top == 0:
        return next((n for n in labels if n in QUIET), labels[0] if labels else "")
    return next(n for n in labels if scores[n] == top)


def label_words(labels: tuple[str, ...], docs: str) -> dict[str, set[str]]:
    """The words of each label's name and documentation, given as `name = words; …`."""
    found = {n: {stem(p) for p in n.lower().split("_")} for n in labels}
    for part in docs.split("; "):
        name, _, said = part.partition(" = ")
        name = name.split()[-1] if name.split() else ""
        if name in found:
            found[name] |= set(words(said))
    return found


def _nearest_demo(task: Task, name: str, context: str) -> str | None:
    scored = [
        (overlap(context, " ".join(given.values())), answers.get(name))
        for given, answers in task.demos
    ]
    top = max((s for s, _ in scored), default=0.0)
    return next((a for s, a in scored if s == top), None) if top > 0 else None


def truth(task: Task, name: str, question: str, context: str) -> bool:
    """What the nearest demonstration says, else whether some sentence holds most of the words."""
    near = _nearest_demo(task, name, f"{question} {context}")
    if near is not None:
        return near.strip().lower() == "true"
    return bool(best(question or task.instructions, context, least=0.6))


def number(question: str, context: str, *, whole: bool) -> float | int | None:
    """The first number in the best sentence."""
    for found in best(question, context) or central(context, most=1):
        match = NUMBER.search(found.text)
        if match:
            value = float(match.group().replace(",", ""))
            return int(value) if whole else value
    return None


def _by_schema(task: Task, output: Output, question: str, context: str) -> Json:
    schema = output.schema or {}
    defs = schema.get("$defs", {})
    return _value(task, schema, defs, output.name, question, context, output.words)


def _value(
    task: Task,
    schema: Schema,
    defs: Schema,
    name: str,
    question: str,
    context: str,
    docs: str,
) -> Json:
    """A value for a JSON schema, read from the context."""
    schema, optional = _resolved(schema, defs)
    docs = str(schema.get("description") or docs)
    if "enum" in schema or "const" in schema:
        labels = tuple(schema.get("enum") or [schema["const"]])
        return label(task, name, labels, docs, context)
    match schema.get("type"):
        case "array":
            return _list(task, schema.get("items", {}), defs, name, question, context, docs)
        case "object":
            return _record(task, schema, defs, question, context, {})
        case "boolean":
            return truth(task, name, question, context)
        case "integer" | "number":
            found = number(question, context, whole=schema["type"] == "integer")
            return found if found is not None or optional else 0
    return (text(question, context) or None) if optional else text(question, context)


def _resolved(schema: Schema, defs: Schema) -> tuple[Schema, bool]:
    """The schema behind references, and whether it may be null."""
    optional = False
    for _ in range(8):
        if "$ref" in schema:
            kept = {k: v for k, v in schema.items() if k != "$ref"}
            schema = {**defs.get(schema["$ref"].rsplit("/", 1)[-1], {}), **kept}
        elif "anyOf" in schema:
            kinds = [s for s in schema["anyOf"] if s.get("type") != "null"]
            optional = optional or len(kinds) < len(schema["anyOf"])
            kept = {k: v for k, v in schema.items() if k != "anyOf"}
            schema = {**(kinds[0] if kinds else {}), **kept}
        else:
            break
    return schema, optional


def _list(
    task: Task,
    item: Schema,
    defs: Schema,
    name: str,
    question: str,
    context: str,
    docs: str,
) -> list[Json]:
    """One item for each row that was given, else one for each sentence that fits the question."""
    shape, _ = _resolved(item, defs)
    if shape.get("type") == "object":
        given = rows(task)
        if given:
            return [_record(task, shape, defs, question, _row_text(row), row) for row in given]
        found = best(question or task.instructions, context, least=0.34, most=MOST_ITEMS)
        return [_record(task, shape, defs, question, s.text, {}) for s in found]
    found = best(question, context, most=MOST_ITEMS) if question else central(context)
    return [_value(task, item, defs, name, question, s.text, docs) for s in found]


def rows(task: Task) -> list[Record]:
    """The records among the inputs: fields whose lines are JSON objects."""
    for value in task.inputs.values():
        lines = [x for x in value.splitlines() if x.strip()]
        if lines and all(x.startswith("{") for x in lines):
            try:
                return [json.loads(x) for x in lines]
            except ValueError:
                continue
    return []


def _row_text(row: Record) -> str:
    return " ".join(str(v) for k, v in row.items() if isinstance(v, str) and k != "id")


def _record(
    task: Task,
    schema: Schema,
    defs: Schema,
    question: str,
    context: str,
    row: Record,
) -> Record:
    """A record field by field; a field that the row has under the same name is taken over."""
    made: dict[str, Json] = {}
    for name, inner in schema.get("properties", {}).items():
        shape, optional = _resolved(inner, defs)
        if name in row:
            made[name] = row[name]
        elif shape.get("type") == "string" and "enum" not in shape:
            said = within(_text_field(name, context, question), str(shape.get("description", "")))
            made[name] = said or (None if optional else "")
        elif shape.get("type") in ("integer", "number") and not question:
            found = NUMBER.search(context)
            value = float(found.group().replace(",", "")) if found else 0.0
            made[name] = int(value) if shape["type"] == "integer" else value
        elif name in ("confidence", "score"):
            made[name] = round(_share(question, context), 2)
        else:
            made[name] = _value(task, inner, defs, name, question, context, "")
    return made


def _share(question: str, context: str) -> float:
    found = best(question, context, most=1)
    wanted = set(words(question))
    return len(wanted & set(words(found[0].text))) / len(wanted) if found and wanted else 0.0


def _text_field(name: str, context: str, question: str) -> str:
    """A text by the name of its field: a date, else the sentence that fits best."""
    if name in ("date", "when", "day", "year"):
        found = DATE.search(context)
        return found.group() if found else ""
    fitting = best(question, context, least=0.34, most=1) if question else []
    if fitting:
        return fitting[0].text
    whole = context.strip()
    return whole if not question and "\n" not in whole else ""
