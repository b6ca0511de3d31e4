"""Makes src/, a tree of forty modules, and truth.csv, what Python's own `ast` finds in it."""

import ast
import csv
import random
from pathlib import Path

WORDS = "bell rope tower clock gate key lamp stair door roof wall bridge".split()


def main() -> None:
    """Writes both beside this file; the same seed makes the same tree."""
    rng = random.Random(5)
    here = Path(__file__).parent
    for number in range(40):
        file = here / "src" / rng.choice(WORDS[:4]) / f"{rng.choice(WORDS)}_{number}.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('"""A module."""\n\nLIMIT = 3\n' + "".join(blocks(rng)))
    rows = [row for file in (here / "src").rglob("*.py") for row in undocumented(file, here)]
    with (here / "truth.csv").open("w", newline="") as out:
        csv.writer(out).writerows([("path", "line", "name"), *sorted(rows)])


def blocks(rng: random.Random) -> list[str]:
    """Functions and classes, some of them with methods, decorators and functions inside."""
    made = []
    for word in rng.sample(WORDS, 5):
        if rng.random() < 0.6:
            made.append("\n\n" + function(rng, word, ""))
            continue
        methods = "\n".join(function(rng, name, "    ") for name in rng.sample(WORDS, 3))
        made.append(f'\n\nclass {word.title()}:\n    """A thing."""\n\n{methods}')
    return made


def function(rng: random.Random, word: str, indent: str) -> str:
    """A function, or a method."""
    name = rng.choice(["", "", "_"]) + f"{rng.choice(['open', 'close'])}_{word}"
    start = rng.choice(["def", "def", "async def"])
    said = rng.choice(['    """It says so."""\n', '    r"""Raw."""\n', "", ""])
    given = rng.choice(["(a, b='x:y')", "(\n    a: dict[str, int],\n    b: str = 'x',\n)", "()"])
    inner = rng.choice(["", "    def inner():\n        return 1\n\n"])
    lines = f"{start} {name}{given} -> None:\n{said}{inner}    return None\n"
    return "".join(indent + line if line.strip() else line for line in lines.splitlines(True))


def undocumented(file: Path, here: Path) -> list[tuple[str, int, str]]:
    """Public functions of a module and methods of its classes."""
    module = ast.parse(file.read_text())
    owners = [module, *(n for n in module.body if isinstance(n, ast.ClassDef))]
    return [
        (str(file.relative_to(here)), node.lineno, node.name)
        for owner in owners
        for node in owner.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]


if __name__ == "__main__":
    main()
