"""Prompts to DSPy signatures: always from dictionaries with types from a fixed list.

DSPy's string signatures import any module that a type's name mentions, so text of a recipe never
goes through them.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from functools import cache
from types import UnionType
from typing import (
    Any,
    Literal,
    Optional,
    TypeAlias,
    Union,
    assert_never,
    cast,
    get_args,
    get_origin,
)

import dspy
import pydantic
from pydantic.fields import FieldInfo

from rlmlang.context import Datum
from rlmlang.ir import recipe as r
from rlmlang.ir import types as ty
from rlmlang.ir.dates import with_dates
from rlmlang.ir.expressions import Param
from rlmlang.ir.kinds import is_images
from rlmlang.ir.quotes import is_quote
from rlmlang.ir.types import Field, Type
from rlmlang.unicode import encodable

Made: TypeAlias = "Datum | pydantic.BaseModel | Sequence[Made]"
"""What pydantic makes of a value."""
RESULT = "result"
TAKEN = frozenset(
    "config lm signature demos prediction _trace instructions fields result reasoning".split()
)
THOUGHT = "reasoning"
NOTHING = frozenset(("", "none", "null", "n/a", "nothing", "(none)", "(empty)"))
AGAIN = {
    "earlier_answer": (str, dspy.InputField(desc="An earlier answer that was not taken.")),
    "problem": (str, dspy.InputField(desc="Why it was not taken. Avoid this.")),
}


def signature_of(prompt: r.Prompt) -> type[dspy.Signature]:
    """The signature of a prompt: its parameters as fields of text or images, one typed field
    `result`, and what DSPy's chain of thought puts before it where the prompt thinks first."""
    fields: dict[str, tuple[object, FieldInfo]] = {
        field_name(p.name): (
            _python(p.type) if is_images(p.type) else str,
            dspy.InputField(desc=_input_words(p)),
        )
        for p in prompt.params
    }
    if prompt.think:
        fields[THOUGHT] = (str, dspy.OutputField(desc="${reasoning}"))
    fields[RESULT] = (output_type(prompt.result), dspy.OutputField(desc=_result_words(prompt)))
    name = "".join(part.capitalize() for part in prompt.name.split("_")) or "Prompt"
    made: type[dspy.Signature] = dspy.Signature(fields, prompt.task, signature_name=name)
    return made


def again(signature: type[dspy.Signature]) -> type[dspy.Signature]:
    """The same prompt with the answer that was refused and the reason."""
    for name, (kind, field) in AGAIN.items():
        signature = signature.append(name, field, type_=kind)
    return signature


@cache
def field_name(name: str) -> str:
    """A parameter's name as a field; names that DSPy keeps for itself get an underscore."""
    name = name.lstrip("_") or "value"
    return name + "_" if name in TAKEN or hasattr(dspy.Prediction, name) else name


def output_type(type_: Type) -> Any:
    """The Python type an answer is parsed as. Text that may be none is text that may be empty."""
    if type_.textual or isinstance(type_, ty.AnyType | ty.JsonType | ty.TreeType):
        return str
    made = _python(type_.required())
    return Optional[made] if type_.optional else made  # noqa: UP045, made is a value


def input_type(type_: Type) -> object:
    """The Python type of what a recipe is given, as text or plain values."""
    return _python(type_)


def _python(type_: Type) -> object:
    made = _required(type_)
    return Optional[made] if type_.optional else made  # noqa: UP045, made is a value


def _required(type_: Type) -> object:
    match type_:
        case ty.IntType():
            return int
        case ty.FloatType():
            return float
        case ty.BoolType():
            return bool
        case ty.EnumType(names=names):
            return Literal[names]
        case ty.Listed(of):
            return list[_python(of)]  # type: ignore[misc]
        case ty.MapType(of):
            return dict[str, _python(of)]  # type: ignore[misc]
        case ty.RecordType() | ty.PairType():
            return record_model(type_)
        case ty.ImageType():
            return dspy.Image
        case ty.TextType() | ty.TreeType() | ty.PromptType():
            return str
        case ty.AnyType() | ty.JsonType() | ty.NoneType():
            return str
    assert_never(type_)


def type_of(annotation: object) -> Type:
    """The type of a field that somebody else's signature has; what is none of ours is text."""
    inner = [a for a in get_args(annotation) if a is not type(None)]
    match get_origin(annotation):
        case kind if kind in (Union, UnionType) and len(inner) == 1:
            return type_of(inner[0]).maybe()
        case kind if kind is dict and len(inner) == 2 and inner[0] is str:
            return ty.MapType(of=type_of(inner[1]))
        case kind if kind is list:
            return ty.list_of(type_of(inner[0]))
        case kind if kind is Literal and all(isinstance(a, str) for a in inner):
            return ty.EnumType(tuple((a, "") for a in inner))
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return ty.record(
            *(
                ty.Field(f.alias or name, type_of(f.annotation))
                for name, f in annotation.model_fields.items()
            )
        )
    return {bool: ty.BOOL, int: ty.INT, float: ty.FLOAT}.get(annotation, ty.TEXT)  # type: ignore[call-overload, no-any-return]


def record_model(type_: ty.Fielded) -> type[pydantic.BaseModel]:
    """A record or pair as a pydantic model; its fields' descriptions are the recipe's words."""
    fields: dict[str, Any] = {}
    for f in type_.fields:
        default = None if f.type.optional else ...
        inner = pydantic.Field(default, description=_field_words(f) or None, alias=f.name)
        fields[f"f_{f.name}" if _hazard(f.name) else f.name] = (_python(f.type), inner)
    name, doc = (type_.name, type_.doc) if isinstance(type_, ty.RecordType) else ("Pair", "")
    config = pydantic.ConfigDict(populate_by_name=True, protected_namespaces=())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydantic.create_model(
            name or "Record", __config__=config, __doc__=doc or None, **fields
        )


def _hazard(name: str) -> bool:
    return name.startswith("_") or hasattr(pydantic.BaseModel, name)


def _input_words(p: Param) -> str:
    return p.doc or ""


def _result_words(prompt: r.Prompt) -> str:
    words = [_form(prompt.result.item if prompt.result.is_list else prompt.result)]
    if prompt.result.optional and prompt.result.textual:
        words.append("Leave it empty if there is nothing to say.")
    if prompt.result_max is not None:
        unit = "items" if prompt.result.is_list else "tokens"
        words.append(f"At most {prompt.result_max} {unit}.")
    return " ".join(w for w in (*words, _each(prompt.result)) if w)


def _field_words(f: Field) -> str:
    words = [f.doc, _form(f.type.item if f.type.is_list else f.type)]
    if is_quote(f.type):
        words.append("Copied exactly from the text.")
    if f.max is not None and f.type.textual:
        words.append(f"At most {f.max} tokens.")
    return " ".join(w for w in (*words, _each(f.type)) if w)


def _each(type_: Type) -> str:
    """The `max` of each item of a list of texts."""
    most = type_.most if isinstance(type_, ty.Listed) and type_.of.textual else None
    return f"Each at most {most} tokens." if most is not None else ""


def _form(type_: Type) -> str:
    """How a value of a type is written, where its name does not say it."""
    match type_.required():
        case ty.TextType(word="Date"):
            return "A date, as 2026-11-30."
        case ty.TextType(word="Time"):
            return "A time, as 2026-11-30T08:15:00Z."
    return _labels(type_)


def _labels(type_: Type) -> str:
    """An enum's labels with their documentation, as `name = words`."""
    if not isinstance(type_, ty.EnumType) or not any(doc for _, doc in type_.labels):
        return ""
    return (
        "; ".join(f"{n} = {' '.join(doc.split())}" if doc else n for n, doc in type_.labels) + "."
    )


def value_in(found: Made, type_: Type) -> Datum:
    """What a field holds as a plain value; text that says nothing is none where none is allowed.
    Raises ValueError."""
    if isinstance(found, str):
        text = encodable(found.strip())
        return None if type_.optional and text.lower() in NOTHING else text
    return plain(found)


def conform(type_: Type, values: Sequence[Datum], fields: Mapping[str, Datum]) -> Datum:
    """What code submitted as a value of a prompt's result type, in plain parts: one value, or the
    fields of a record. Raises ValueError with words for the model."""
    value = _one(type_, values, fields)
    if type_.textual or isinstance(type_, ty.AnyType | ty.JsonType):
        if value is None and type_.optional:
            return None
        if not isinstance(value, str):
            raise ValueError(f"wants {type_}, got {type(value).__name__}")
        return _with_dates(encodable(value), type_)
    try:
        made = plain(pydantic.TypeAdapter(output_type(type_)).validate_python(value))
    except pydantic.ValidationError as mistake:
        wrong = [f"{'.'.join(map(str, e['loc'])) or 'value'}: {e['msg']}" for e in mistake.errors()]
        raise ValueError(f"wants {type_}; " + "; ".join(wrong[:5])) from None
    return _with_dates(made, type_)


def _with_dates(value: Datum, type_: Type) -> Datum:
    return cast("Datum", with_dates(value, type_))


def fits_output(signature: type[dspy.Signature], value: Datum) -> bool:
    """Whether a value is one that a signature's result may have."""
    try:
        kind = signature.output_fields[RESULT].annotation
        pydantic.TypeAdapter(kind).validate_python(value, strict=True)
    except pydantic.ValidationError:
        return False
    return value not in (None, "")


def _one(type_: Type, values: Sequence[Datum], fields: Mapping[str, Datum]) -> Datum:
    if fields and not values and isinstance(type_, ty.Fielded):
        return fields
    if len(fields) == 1 and not values:
        return next(iter(fields.values()))
    if len(values) == 1 and not fields:
        return values[0]
    raise ValueError(f"takes one value of type {type_}, or the fields of a record")


def plain(value: Made) -> Datum:
    """Pydantic models as dictionaries, by the names the recipe knows; text is made encodable.
    Raises ValueError for a number that is none, such as 1e999."""
    if isinstance(value, str):
        return encodable(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{value} is no finite number")
    if isinstance(value, pydantic.BaseModel):
        return {k: plain(v) for k, v in value.model_dump(by_alias=True).items()}
    if isinstance(value, Mapping):
        return {encodable(k): plain(v) for k, v in value.items()}
    if isinstance(value, Sequence):
        return [plain(v) for v in value]
    return value
