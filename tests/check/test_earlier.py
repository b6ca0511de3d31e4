"""Which recipes a check takes over from the check before: those that nothing has changed for."""

from __future__ import annotations

import pytest

from rlmlang import compiler
from rlmlang.check.earlier import Earlier
from rlmlang.diagnostics.source import SourceFile

USED = 'rlm 1\nprompt tell(page: Slice) -> Text max 5tok { task: "Tell." }\nconst MOST = 5\n'
TEXT = """rlm 1
use "./used.rlm" { tell }
use "./used.rlm" as all

prompt note(page: Slice) -> Text max 50tok "What is on it?"

pattern cut(text: Text) -> [Slice] { return split text by tokens(max: 1ktok) }

recipe first(book: Text max 9ktok) -> [Text] { return map (split book by tokens(max: 1ktok)) with note() }
recipe second(book: Text max 9ktok) -> [Text] {
  let pages = cut(book)
  return map pages with tell()
}
recipe third(n: Int) -> Bool { return n > all.MOST }
recipe empty(n: Int) -> Int { return count([]) + n }
"""


class Counted(Earlier):
    """Says which recipes had to be made."""

    def recipe(self, module, decl, make):  # noqa: ANN001, ANN201
        def made(module, decl):  # noqa: ANN001, ANN202
            self.new.append(decl.name.text)
            return make(module, decl)

        return super().recipe(module, decl, made)

    def check(self, text: str, used: str = USED):  # noqa: ANN201
        """What comes of a text, with the names of the recipes that were made for it."""
        self.new: list[str] = []
        return compiler.check(
            SourceFile("x.rlm", text), lambda *a: SourceFile("used.rlm", used), earlier=self
        )


@pytest.mark.parametrize(("old", "new", "made"), [
    ("What is on it?", "What is there?", ["first"]),
    ("rlm 1\n", "rlm 1\n\n// a line\n", []),
    ("1ktok) }", "2ktok) }", ["second"]),
    ("n > all", "n >= all", ["third"]),
    ("recipe empty", "const note_2 = 1\n\nrecipe empty", []),
    ("recipe empty", "const pages = 1\n\nrecipe empty", ["second"]),
    ("{ tell }", "{ tell, MOST }", ["third"]),
    ("recipe third", "recipe fourth", ["fourth"]),
    ("recipe empty", "const oh = \n\nrecipe empty", ["empty"]),
    ("recipe empty", "recipe empty", []),
])  # fmt: skip
def test_only_what_may_be_another_recipe_is_checked(old: str, new: str, made: list[str]) -> None:
    earlier = Counted()
    assert earlier.check(TEXT).ok
    assert len(earlier.new) == 4
    assert old in TEXT
    earlier.check(TEXT.replace(old, new))
    assert earlier.new == made


def test_a_file_that_is_used_changes_what_uses_the_part_that_is_another() -> None:
    earlier = Counted()
    earlier.check(TEXT)
    earlier.check(TEXT, USED.replace("Tell.", "Say."))
    assert earlier.new == ["second", "third"]  # `all` stands for the whole file
    earlier.check(TEXT, USED.replace("Tell.", "Say.") + "// later\n")
    assert earlier.new == []


def test_a_recipe_of_which_something_is_said_is_checked_each_time() -> None:
    earlier = Counted()
    text = TEXT.replace("n > all", "m > all")
    problems = [earlier.check(text).diagnostics for _ in range(3)]
    assert problems[0] and problems[0] == problems[1] == problems[2]
    assert "third" in earlier.new and "second" not in earlier.new


def test_places_are_those_of_the_text_that_is_there() -> None:
    earlier = Counted()
    moved = TEXT.replace("rlm 1\n", "rlm 1\n\n// a line\n")
    for before, after in ((TEXT, moved), (moved, TEXT)):
        earlier.check(before)
        found, new = earlier.check(after), Counted().check(after)
        assert earlier.new == []
        for name, recipe in new.recipes.items():
            assert [s.places for s in found.recipes[name].steps] == [s.places for s in recipe.steps]
            assert all(s.places for s in recipe.steps)
