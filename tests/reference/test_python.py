"""Each public name says what it is, and has its entry in the reference."""

from __future__ import annotations

import inspect

import pytest

import rlmlang
from docs.python_reference import public, python_page


@pytest.mark.parametrize("name", public())
def test_a_public_name_has_a_docstring_and_an_entry(name: str) -> None:
    found = getattr(rlmlang, name)
    said = (vars(found).get("__doc__") if isinstance(found, type) else found.__doc__) or ""
    assert len(said) > 40 and not said.startswith("The same"), name
    entry = python_page().partition(f"\n## `{name}`\n")[2].partition("\n## ")[0]
    assert inspect.cleandoc(said) in entry
    assert f"{name}(" in entry or f"class {name}" in entry


def test_the_face_is_what_is_exported() -> None:
    assert set(rlmlang.FACE) == set(public()) <= set(dir(rlmlang))


def test_a_function_says_all_that_may_be_said_to_it() -> None:
    page = python_page()
    assert "result: type[T], **settings: Unpack[Settings]) -> RecipeModule[T]" in page
    assert "within: SharedBudget" in page
    assert "- `left`: What may still be set aside for calls; None where there is no limit." in page
