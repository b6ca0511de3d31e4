"""Traces as protobuf, which every collector takes: OTLP's JSON, field by field.

A field is a number and a kind, as OpenTelemetry's `trace.proto` has them; only what we write is
here.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Literal

from rlmlang.value import Frozen, Json, value

Kind = Literal["bytes", "text", "time", "number", "flag", "double", "message"]
VARINT, FIXED, SIZED = 0, 1, 2  # protobuf's wire types


@value
class Field(Frozen):
    """A field of a message: its number, its kind, and of a message the name of its form."""

    number: int
    kind: Kind
    form: str = ""


def _of(number: int, form: str) -> Field:
    return Field(number, "message", form)


FORMS: dict[str, dict[str, Field]] = {
    "traces": {"resourceSpans": _of(1, "resource spans")},
    "resource spans": {"resource": _of(1, "resource"), "scopeSpans": _of(2, "scope spans")},
    "resource": {"attributes": _of(1, "attribute")},
    "scope spans": {"scope": _of(1, "scope"), "spans": _of(2, "span")},
    "scope": {"name": Field(1, "text"), "version": Field(2, "text")},
    "span": {
        "traceId": Field(1, "bytes"),
        "spanId": Field(2, "bytes"),
        "parentSpanId": Field(4, "bytes"),
        "name": Field(5, "text"),
        "kind": Field(6, "number"),
        "startTimeUnixNano": Field(7, "time"),
        "endTimeUnixNano": Field(8, "time"),
        "attributes": _of(9, "attribute"),
        "events": _of(11, "event"),
        "droppedEventsCount": Field(12, "number"),
        "status": _of(15, "status"),
    },
    "event": {
        "timeUnixNano": Field(1, "time"),
        "name": Field(2, "text"),
        "attributes": _of(3, "attribute"),
    },
    "status": {"message": Field(2, "text"), "code": Field(3, "number")},
    "attribute": {"key": Field(1, "text"), "value": _of(2, "value")},
    "value": {
        "stringValue": Field(1, "text"),
        "boolValue": Field(2, "flag"),
        "intValue": Field(3, "number"),
        "doubleValue": Field(4, "double"),
        "arrayValue": _of(5, "list"),
    },
    "list": {"values": _of(1, "value")},
}


def trace_message(traces: Json) -> bytes:
    """A value of OTLP's JSON as the body of a request to a collector."""
    return _message("traces", traces)


def _message(form: str, values: Json) -> bytes:
    out = bytearray()
    for name, field in FORMS[form].items():
        found = values.get(name) if isinstance(values, Mapping) else None
        if isinstance(found, list):
            out += b"".join(_field(field, one) for one in found)
        elif found is not None:
            out += _field(field, found)
    return bytes(out)


def _field(field: Field, value: Json) -> bytes:
    """A field with its value; numbers are texts in OTLP's JSON where they may be large."""
    match field.kind:
        case "message":
            return _sized(field, _message(field.form, value))
        case "text":
            return _sized(field, str(value).encode("utf-8", "backslashreplace"))
        case "bytes":
            return _sized(field, bytes.fromhex(str(value))) if value else b""
        case "time":
            return _tag(field, FIXED) + struct.pack("<Q", int(str(value)))
        case "double":
            return _tag(field, FIXED) + struct.pack("<d", float(str(value)))
        case "number":
            return _tag(field, VARINT) + _varint(int(str(value)))
        case "flag":
            return _tag(field, VARINT) + _varint(int(value is True))


def _tag(field: Field, wire: int) -> bytes:
    return _varint(field.number << 3 | wire)


def _sized(field: Field, body: bytes) -> bytes:
    return _tag(field, SIZED) + _varint(len(body)) + body


def _varint(number: int) -> bytes:
    """A number in groups of seven bits, the lowest first; one below zero as 64 bits."""
    rest, out = number % (1 << 64), bytearray()
    while rest > 0x7F:
        out.append(rest & 0x7F | 0x80)
        rest >>= 7
    out.append(rest)
    return bytes(out)


def refused_in(body: bytes) -> tuple[int, str]:
    """How many spans a collector says that it refused, and why."""
    try:
        partial = _read(body).get(1, b"")
        found = _read(partial) if isinstance(partial, bytes) else {}
    except (IndexError, ValueError):
        return 0, ""
    count, words = found.get(1, 0), found.get(2, b"")
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else ""
    return (count if isinstance(count, int) else 0), said


def _read(body: bytes) -> dict[int, int | bytes]:
    """The fields of a message by their numbers. Raises IndexError and ValueError."""
    found: dict[int, int | bytes] = {}
    at = 0
    while at < len(body):
        tag, at = _number(body, at)
        number, at = _number(body, at)
        if tag & 7 == SIZED:
            found[tag >> 3] = body[at : at + number]
            at += number
        elif tag & 7 == VARINT:
            found[tag >> 3] = number
        else:
            raise ValueError(tag)
    return found


def _number(body: bytes, at: int) -> tuple[int, int]:
    """A number in groups of seven bits, and where it ends. Raises IndexError."""
    number = shift = 0
    while body[at] & 0x80:
        number |= (body[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
    return number | body[at] << shift, at + 1
