"""Maps as a model answers them: an object, or what a schema asks for."""

from __future__ import annotations

from typing import Any

import pytest

from rlmlang.framing.values import value_of
from rlmlang.ir import types as ty
from rlmlang.runtime.values import misfit

MAP = ty.MapType(of=ty.record(ty.Field("n", ty.INT)))
READ = [
    ('{"a": {"n": 1}, "b b": {"n": "2"}}', {"a": {"n": 1}, "b b": {"n": 2}}),
    ('[{"key": "a", "value": {"n": 1}}]', {"a": {"n": 1}}),
    ("```json\n{}\n```", {}),
    ("[]", {}),
]


@pytest.mark.parametrize(("text", "value"), READ)
def test_a_map_is_read(text: str, value: Any) -> None:
    found = value_of(text, MAP, "result")[0]
    assert found == value
    assert misfit(found, MAP) == ""


@pytest.mark.parametrize(
    "text",
    ['{"a": 1}', '[{"key": "a"}]', "a: 1", "", "3",
     '[{"key": "a", "value": {"n": 1}}, {"key": "a", "value": {"n": 2}}]'],
)  # fmt: skip
def test_what_is_no_map_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="."):
        value_of(text, MAP, "result")
