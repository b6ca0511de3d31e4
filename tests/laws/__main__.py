"""`python -m tests.laws 20000`: so many random expressions, of which the tests try a few."""

from __future__ import annotations

import sys

from hypothesis import given, settings

from tests.laws.test_expressions import EXAMPLES, INPUTS, LAW, holds


def main(arguments: list[str]) -> None:
    """Tries the law of expressions; the least one that breaks it is shown as hypothesis does."""
    count = int(arguments[0].replace("_", "")) if arguments else EXAMPLES
    settings(LAW, max_examples=count, database=None)(given(*INPUTS)(holds))()
    print(f"{count:,} expressions hold")


if __name__ == "__main__":
    main(sys.argv[1:])
