"""`python -m tests.laws 20000`: so many random expressions, of which the tests try a few;
`python -m tests.laws 500 edits`: so many edited files."""

from __future__ import annotations

import sys

from hypothesis import given, settings

from tests.laws import test_edits, test_expressions

LAWS = {"expressions": test_expressions, "edits": test_edits}


def main(arguments: list[str]) -> None:
    """Tries a law; the least one that breaks it is shown as hypothesis does."""
    name = arguments[1] if len(arguments) > 1 else "expressions"
    law = LAWS[name]
    count = int(arguments[0].replace("_", "")) if arguments else law.EXAMPLES
    settings(law.LAW, max_examples=count, database=None)(given(*law.INPUTS)(law.holds))()
    print(f"{count:,} {name} hold")


if __name__ == "__main__":
    main(sys.argv[1:])
