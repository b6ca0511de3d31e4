"""A model's answer held against the declared type: sizes, conditions, quotes, then the checks."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from rlmlang.context import Datum, Measure, Tree, fields_of, items_of, text_of, whole
from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.execute.evaluate import RunCode, evaluate
from rlmlang.framing.json_lines import json_line
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Expr, Op
from rlmlang.ir.quotes import cut_fields, is_cut, is_quote, quotes_in
from rlmlang.ir.sizes import GROWTH, LONGEST
from rlmlang.ir.types import (
    TEXT,
    AnyType,
    Fielded,
    Listed,
    MapType,
    PairType,
    RecordType,
    Type,
)
from rlmlang.ir.walk import show
from rlmlang.origin import quoted
from rlmlang.unicode import SAME

SHORTEST = 3
"""The letters and digits a quote has at least; one of a script without word spaces counts twice."""
WIDE = 0x2E80
SOFT_END = re.compile(r"\u00ad[ \t]*\r?\n\s*(?=\w)")
IN_WORD = re.compile(r"(?<=[^\W\d_])-(?=[^\W\d_])")
LINE_END = re.compile(r"(?<=\w)-[ \t]*\r?\n\s*(?=\w)")
SPACES = re.compile(r"[ \t\r\n]+")
APART = "\0"


@dataclass
class Shown:
    """The source text that a call was shown, in which its quotes must occur: slices, rows and
    lists of them, and quotes in earlier answers; no single text, such as the question. `told` are
    the parameters that were given what a model has said. `adjusted` says that some quote was found
    only in other typography than the text has."""

    prompt: r.Prompt
    inputs: Mapping[str, Datum]
    told: frozenset[str] = frozenset()
    forms: list[tuple[str, ...]] = field(default_factory=list)
    values: list[Datum] = field(default_factory=list)
    adjusted: bool = False

    def holds(self, quote: str) -> bool:
        """Whether a quote occurs in it, typography and the breaks of lines aside."""
        return self.found(quote) is not None

    def found(self, quote: str) -> Datum:
        """The first value that a quote occurs in; none for a quote that is nowhere."""
        wanted = _forms(quote)
        weight = sum(1 + (ord(c) >= WIDE) for c in wanted[0] if c.isalnum())
        for value, (text, *forms) in self._shown():
            found = any(x in y for x, y in zip(wanted, forms, strict=True))
            if found and (weight >= SHORTEST or wanted[0] in forms[0].split(APART)):
                self.adjusted |= _spaced(quote) not in _spaced(text)
                return value
        return None

    def _shown(self) -> Iterator[tuple[Datum, tuple[str, ...]]]:
        """Every value with its text as it is and in its forms; those of a tree are read one by one,
        not held."""
        if not self.forms:
            for p in self.prompt.params:
                found = [*sources_in(p.type, self.inputs.get(p.name), p.name in self.told)]
                self.values += found
                texts = map(_searchable, found)
                self.forms += ((text, *_forms(text)) for text in texts)
        yield from zip(self.values, self.forms, strict=True)
        for given in self.inputs.values():
            if isinstance(given, Tree):
                for piece in map(whole, given.documents):
                    yield piece, (text_of(piece), *_forms(text_of(piece)))


def problem_with(
    prompt: r.Prompt,
    value: Datum,
    inputs: Mapping[str, Datum],
    measure: Measure,
    code: RunCode,
    source: Shown | None = None,
) -> str:
    """Why an answer is not taken, in words for the model; empty when it is. `source` is what its
    quotes are held against, where that is not what the prompt itself was given."""
    return (
        _beyond(prompt, value, measure)
        or too_large(prompt.result, prompt.result_max, value, measure, "the result")
        or _longer(prompt.result, value, measure, "the result")
        or _quotes(prompt.result, value, source or Shown(prompt, inputs), "the result")
        or _conditions(prompt.result, value, code, "the result")
        or _checks(prompt, value, inputs, code)
    )


def _beyond(prompt: r.Prompt, value: Datum, measure: Measure) -> str:
    """Why an answer is longer than whatever reads it was counted with; what code submits is not
    written by its model."""
    most = prompt.written * GROWTH
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if prompt.repl is not None or (size := measure.tok(text)) <= most:
        return ""
    return f"the result is too long: {size:,} tok, where {most:,} are the most that is taken"


def too_large(
    type_: Type,
    most: int | None,
    value: Datum,
    measure: Measure,
    what: str,
    shown: Callable[[Datum], str] = text_of,
) -> str:
    """Which part of a value is larger than was declared, in words; empty when none is. `shown`
    gives a text as a model sees it: inside a record as JSON."""
    if value is None:
        return ""
    if type_.is_list:
        items = items_of(value)
        if most is not None and len(items) > most:
            return f"{what} has {len(items)} items; at most {most} are allowed"
    inside = shown if type_.is_list else _inside
    found = (
        too_large(of, many, v, measure, where + what, inside)
        for of, many, v, where in sized(type_, value)
    )
    if words := next((p for p in found if p), ""):
        return words
    if most is not None and type_.textual:
        size = measure.tok(shown(value))
        if size > most * GROWTH:
            return f"{what} is too long: about {size // GROWTH} tokens, where {most} are allowed"
    return ""


def sized(type_: Type, value: Datum) -> Iterator[tuple[Type, int | None, Datum, str]]:
    """The parts of a value, each with its type and its `max`, and the keys of a map."""
    if isinstance(type_, Listed):
        yield from ((of, type_.most, v, where) for of, v, where in _parts(type_, value))
    elif isinstance(type_, MapType):
        key, most = type_.most
        yield from ((TEXT, key, k, "a key of ") for k in fields_of(value))
        yield from ((of, most, v, where) for of, v, where in _parts(type_, value))
    elif isinstance(type_, Fielded):
        found = fields_of(value)
        yield from ((f.type, f.max, found.get(f.name), f"`{f.name}` of ") for f in type_.fields)


def _longer(type_: Type, value: Datum, measure: Measure, what: str) -> str:
    """Which number, date or range is longer than any of its type is taken to be."""
    if value is None:
        return ""
    if (most := LONGEST.get(str(type_.required()))) is not None:
        size = measure.tok(text_of(value))
        return f"{what} is too long: {size} tok, where {most} are the most" if size > most else ""
    found = (_longer(of, v, measure, f"{where}{what}") for of, v, where in _parts(type_, value))
    return next((p for p in found if p), "")


def _inside(value: Datum) -> str:
    """A text as it stands in a record that is shown, without its quotes."""
    return json_line(text_of(value))[1:-1]


def _quotes(type_: Type, value: Datum, source: Shown, what: str) -> str:
    """A Quote must occur in the source text that the call was shown."""
    if value is None or text_of(value) == "":
        return ""
    if is_quote(type_):
        if source.holds(text_of(value)):
            return ""
        wanted = " ".join(text_of(value).split())
        if any(wanted in forms[1] for forms in source.forms):
            return f"{what} is too short for a quote: {wanted!r}"
        return f"{what} must be copied exactly from the text; it is not in it: {wanted[:80]!r}"
    found = (_quotes(of, v, source, f"{where}{what}") for of, v, where in _parts(type_, value))
    return next((p for p in found if p), "")


def _parts(type_: Type, value: Datum) -> Iterator[tuple[Type, Datum, str]]:
    """The items of a list, the fields of a record, the sides of a pair, each with its type."""
    if type_.is_list:
        yield from ((type_.item, v, f"item {i + 1} of ") for i, v in enumerate(items_of(value)))
    elif isinstance(value, dict) and isinstance(type_, MapType):
        yield from ((type_.of, v, f"`{k}` of ") for k, v in value.items())
    elif isinstance(value, dict) and isinstance(type_, Fielded):
        yield from ((f.type, value.get(f.name), f"`{f.name}` of ") for f in type_.fields)


def with_places(type_: Type, value: Datum, source: Shown) -> Datum:
    """An answer whose quotes know what they were found in."""
    if value is None or not quotes_in(type_):
        return value
    if is_quote(type_):
        found = source.found(text_of(value))
        return value if found is None else quoted(text_of(value), found)
    if type_.is_list:
        return [with_places(type_.item, x, source) for x in items_of(value)]
    if isinstance(type_, MapType):
        return {k: with_places(type_.of, x, source) for k, x in fields_of(value).items()}
    types = {f.name: f.type for f in type_.fields} if isinstance(type_, Fielded) else {}
    return {
        n: with_places(types[n], x, source) if n in types else x
        for n, x in fields_of(value).items()
    }


def sources_in(type_: Type, value: Datum, told: bool, listed: bool = False) -> Iterator[Datum]:
    """The values in a value that have source text: `ir.quotes.is_source` says of which types."""
    if value is None or isinstance(value, Tree):
        return
    line = listed and type_.required() == TEXT
    plain = not told and (line or isinstance(type_, RecordType | AnyType))
    if is_cut(type_) or is_quote(type_) or (plain and not cut_fields(type_)):
        yield value
    else:
        for of, inner, _ in _parts(type_, value):
            yield from sources_in(of, inner, told, type_.is_list)


def _searchable(value: Datum) -> str:
    """The text of a value: of a row its fields, one by one and as the line that a model sees."""
    if isinstance(value, list):
        return APART.join(map(_searchable, value))
    if isinstance(value, dict):
        return APART.join([json_line(value), *map(_searchable, value.values())])
    return text_of(value)


def _forms(text: str) -> tuple[str, ...]:
    """A text as quotes are compared: without typography, its white space as one blank; words that
    a line's end has cut as they stand, as one, with their hyphen, and all without hyphens."""
    even = unicodedata.normalize("NFKC", SOFT_END.sub("", text).translate(SAME))
    joined = LINE_END.sub("", even)
    forms = (even, joined, LINE_END.sub("-", even), IN_WORD.sub("", joined))
    return tuple(" ".join(x.split()) for x in forms)


def _spaced(text: str) -> str:
    """A text with its common white space as one blank."""
    return SPACES.sub(" ", text.strip())


def _conditions(type_: Type, value: Datum, code: RunCode, what: str) -> str:
    """`where` conditions of a record's fields."""
    if value is None:
        return ""
    if type_.is_list:
        found = (
            _conditions(type_.item, v, code, f"item {i + 1} of {what}")
            for i, v in enumerate(items_of(value))
        )
        return next((p for p in found if p), "")
    if isinstance(type_, MapType | PairType):
        found = (_conditions(of, v, code, where + what) for of, v, where in _parts(type_, value))
        return next((p for p in found if p), "")
    if not isinstance(type_, RecordType):
        return ""
    for f in type_.fields:
        inner, where = fields_of(value).get(f.name), f.where
        if isinstance(where, Expr) and inner is not None:
            if not _holds(where, {"it": inner}, code):
                return f"`{f.name}` of {what} is {inner!r}; it must fulfil {show(where)}"
        if problem := _conditions(f.type, inner, code, f"`{f.name}` of {what}"):
            return problem
    return ""


def _checks(prompt: r.Prompt, value: Datum, inputs: Mapping[str, Datum], code: RunCode) -> str:
    env = {**inputs, "result": value}
    for check in prompt.checks:
        if not _holds(check, env, code):
            return f"the answer fails the check {show(check)}" + _difference(check, env, code)
    return ""


OF_THE_ANSWER = ("wrong-value", "code-failed")  # what a check may end with because of the answer


def _holds(condition: Expr, env: dict[str, Datum], code: RunCode) -> bool:
    try:
        return bool(evaluate(condition, env, code))
    except CodedError as mistake:
        if mistake.diagnostic.code in OF_THE_ANSWER:
            return False
        raise


def _difference(check: Expr, env: dict[str, Datum], code: RunCode) -> str:
    """For a comparison of lists: what is missing and what is too many."""
    if not isinstance(check, Op) or check.op != "==":
        return ""
    try:
        left, right = (evaluate(x, env, code) for x in (check.left, check.right))
    except CodedError:
        return ""
    if not isinstance(left, list) or not isinstance(right, list):
        return f": {left!r:.40} is not {right!r:.40}"
    missing = [x for x in right if x not in left][:8]
    extra = [x for x in left if x not in right][:8]
    words = [f"missing: {missing}"] if missing else []
    words += [f"not asked for: {extra}"] if extra else []
    return ": " + "; ".join(words or ["they are in another order"])
