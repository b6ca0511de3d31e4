"""What is said of prompts that a DSPy module answers, before anything runs."""

from __future__ import annotations

import dspy
import pytest

from rlmlang import compiler
from rlmlang.diagnostics.source import SourceFile
from rlmlang.schema.modules import LEFT_OUT, MODULES

RECIPE = """rlm 1
code look_up(word: Text) -> Text from "words.py:look_up"
prompt label(page: Slice) -> Text "Name it."
prompt answer(page: Slice) -> Text max 20tok {{
  task: "Answer."
  {block}
}}
recipe find(book: Text) -> Text {{
  return answer(book)
}}
"""


def said(block: str) -> list[tuple[str, str]]:
    """The problems of a prompt with that in its block: codes and messages."""
    source = SourceFile("find.rlm", RECIPE.format(block=block.replace(" | ", "\n  ")))
    found = compiler.check(source, lambda wanted, importer: None).diagnostics
    return [(d.code, d.message) for d in found]


OWN = 'module: "mine.py:Careful" | calls <= 2'
REACT = 'module: "dspy:ReAct" | calls <= 2'


@pytest.mark.parametrize("block", [
    OWN,
    f"{OWN} | context <= 8ktok | output <= 200tok | check: result != \"\"",
    f"{REACT} | tools: [look_up]",
    REACT,
])  # fmt: skip
def test_what_is_bounded_is_taken(block: str) -> None:
    assert said(block) == []


@pytest.mark.parametrize(("block", "code", "words"), [
    ('module: "mine.py:Careful"', "module-unbounded", "how many calls"),
    ('module: "dspy:ReAct" | calls <= 1', "wrong-setting", "needs 2 calls"),
    ('module: "dspy:Act" | calls <= 2', "unknown-module", "no `Act`"),
    ('module: "mine.py" | calls <= 2', "wrong-setting", "`module` takes"),
    ("module: mine | calls <= 2", "wrong-setting", "`module` takes"),
    ("calls <= 2", "wrong-setting", "names none"),
    ("context <= 2ktok", "wrong-setting", "names none"),
    (f"{OWN} | retry <= 1", "wrong-setting", "takes no `retry`"),
    (f"{OWN} | think: true", "wrong-setting", "takes no `think`"),
    (f"{OWN} | answer: json", "wrong-setting", "takes no `answer`"),
    (f"{OWN} | repl {{ iters <= 2 }}", "wrong-setting", "takes no `repl`"),
    (f"{OWN} | tools: [look_up]", "wrong-setting", "only dspy:ReAct"),
    (f"{REACT} | tools: [label]", "unknown-tool", "no `code` function"),
    (f"{REACT} | tools: look_up()", "unknown-tool", "no `code` function"),
    ('module: "mine.py:Careful" | calls: 2', "setting-form", "calls <="),
])  # fmt: skip
def test_what_is_not_is_said_once(block: str, code: str, words: str) -> None:
    ((found, message),) = said(block)
    assert (found, words in message) == (code, True), message


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_stands_in_the_place_of_a_module_of_dspys_is_told(name: str) -> None:
    source = SourceFile("find.rlm", RECIPE.format(block=f'module: "dspy:{name}"\n  calls <= 3'))
    (found,) = compiler.check(source, lambda wanted, importer: None).diagnostics
    assert (found.code, found.hint) == ("unknown-module", LEFT_OUT[name])
    assert hasattr(dspy, name) and name not in MODULES


def test_code_of_a_session_calls_no_module() -> None:
    text = RECIPE.format(block=OWN.replace(" | ", "\n  ")).replace(
        "recipe find(book: Text) -> Text {\n  return answer(book)",
        """prompt explore(book: Text) -> Text { task: "Find out." repl { tools: [answer] } }
recipe find(book: Text) -> Text {
  return explore(book)""",
    )
    found = compiler.check(SourceFile("find.rlm", text), lambda wanted, importer: None)
    assert [d.code for d in found.diagnostics] == ["unknown-tool"]
