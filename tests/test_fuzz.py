"""Junk in recipes, inputs, options and answers: each ends with a result or a coded problem.

The same seed makes the same junk.
"""

from __future__ import annotations

import random
import re
import shutil
from pathlib import Path

import pytest
from dspy.lm15 import Message, Request, Response, TextPart, Usage

from rlmlang.models.offline.reader import OfflineReader
from tests.conftest import Rlm
from tests.test_golden import HERE, READER, own

RECIPES = [own(p) for p in sorted(HERE.glob("*.rlm"))]
WORD = re.compile(r"\w+|[^\w\s]")
WORDS = sorted({w for c in RECIPES for w in WORD.findall((HERE / c.file).read_text())})
NUMBERS = ["0", "-1", "1e999", "9" * 30, "9" * 5_000, "NaN", "0.1", "1_000", "007", "٣", "true"]
TEXTS = ["", " ", "\0", "\ufeff", "\u2028", "é" * 50, "null", "\\ud83d", "\ud83d", "{{ x }}", "[" * 2_000,
         '{"a":' * 500, "```", "[[ ## result ## ]]", "[[ ## completed ## ]]", "<think>", "=cmd|' /C'!A0"]  # fmt: skip
CODE = ["None", "3", "'x'", "[3]", "[None]", "[{'time': 1}]", "[{'who': []}]", "{'a': 1}", "lines",
        "[{'time': math.inf, 'who': math.nan}]", "object()", "b'x'", "[{1: 2}]", "{1, 2}", "math",
        "[{'time': 'a', 'who': object()}] * 2", "(x for x in lines)", "exit(3)", "1j", "10 ** 5000",
        "[{'time': 'a', 'who': 'b'}, {'time': 3, 'who': None}, {'time': 'c', 'who': {}}]"]  # fmt: skip
MARK = "[[ ## result ## ]]\n"


def junk(chance: random.Random) -> str:
    """A value of a kind that is seldom thought of."""
    kind = chance.randrange(5)
    if kind == 0:
        return chance.choice(NUMBERS)
    if kind == 1:
        return chance.choice(TEXTS)
    if kind == 2:
        return "[" + ", ".join(junk(chance) for _ in range(chance.randrange(3))) + "]"
    if kind == 3:
        names = ("id", "text", "quote", "label", "n", "key", "date", "year")
        return "{" + ", ".join(f'"{n}": {junk(chance)}' for n in chance.sample(names, 3)) + "}"
    return f'"{chance.choice(TEXTS)}"'


def spoilt(chance: random.Random, text: str) -> str:
    """A text with one or two words lost, doubled, moved or changed."""
    for _ in range(chance.randrange(1, 3)):
        found = list(WORD.finditer(text))
        if not found:
            return text
        one, other = chance.choice(found), chance.choice(found)
        new = chance.choice(["", one[0] * 2, other[0], chance.choice(WORDS), junk(chance)])
        text = text[: one.start()] + new + text[one.end() :]
    return text


def spoilt_file(chance: random.Random, path: Path) -> None:
    """A file with some bytes lost, changed or put in."""
    data = bytearray(path.read_bytes())
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(data) + 1)
        new = chance.choice(
            [b"", b"\xff", b"\0", b'"', b"\n", b"\r", junk(chance).encode("utf-8", "surrogatepass")]
        )
        data[at : at + chance.choice([0, 1, 20])] = new
    path.write_bytes(data)


class Babbler:
    """The embedded reader, that talks nonsense now and then."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    async def complete(self, request: Request) -> Response:
        """Junk, the reader's answer, or that answer spoilt."""
        said = await READER(OfflineReader(), request)
        kind = self.chance.randrange(6)
        if kind > 2:
            return said
        text = said.message.text or ""
        text = [junk(self.chance), MARK + junk(self.chance), spoilt(self.chance, text)][kind]
        return Response(
            id="x",
            model=request.model,
            message=Message.assistant([TextPart(text)]),
            finish_reason="stop",
            usage=Usage(input_tokens=9, output_tokens=9),
        )


def attempt(seed: int, folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch) -> str:
    """One recipe with junk somewhere. Gives what was wrong with what came of it, if anything."""
    chance = random.Random(seed)
    shutil.copytree(HERE / "data", folder, dirs_exist_ok=True)
    shutil.copy(HERE / "code_functions.py", folder)
    case = chance.choice(RECIPES)
    text, args = (HERE / case.file).read_text(), list(case.args)
    for other in ("pattern_prompts.rlm", "reduce_fanin.rlm"):
        shutil.copy(HERE / other, folder)
    where = chance.choice(["recipe", "recipe", "input", "option", "answer", "answer", "code"])
    if where == "recipe":
        text = spoilt(chance, text)
    elif where == "input":
        spoilt_file(
            chance,
            chance.choice(
                [
                    p
                    for p in folder.rglob("*")
                    if p.suffix in (".md", ".txt", ".jsonl", ".csv", ".py", ".log")
                    and p.stat().st_size
                ]
            ),
        )
    elif where == "option":
        names = re.findall(r"(\w+): (?:\[?[A-Z])", text.split("recipe ")[-1].split("->")[0])
        name = chance.choice([*names, "budget.calls", "budget.usd", "budget.wall", "nothing"])
        given = [
            x for x in zip(args[::2], args[1::2], strict=True) if not x[1].startswith(f"{name}=")
        ]
        args = [a for x in given for a in x]
        args += ["--set", f"{name}={junk(chance)}".replace("\0", "")]
    elif where == "code":
        (folder / "code_functions.py").write_text(
            f"import math\n\n\ndef events(lines):\n    return {chance.choice(CODE)}\n"
        )
        text = (HERE / "code_functions.rlm").read_text()
        args = ["--source", "lines=log.txt"]
    monkeypatch.setattr(
        OfflineReader, "complete", Babbler(chance).complete if where == "answer" else READER
    )
    (folder / "r.rlm").write_text(text, encoding="utf-8", errors="replace")
    for command in (
        ["check", "r.rlm"],
        ["plan", "r.rlm", *args, "--json"],
        ["run", "r.rlm", *args],
        ["show"],
    ):
        done = rlm(*command)
        if "[internal]" in done.err or done.code not in (0, 1, 2, 65, 75):
            return f"{seed} {where} {case.file} {command}: {done.code} {done.err}"
    return ""


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_junk_ends_in_a_result_or_a_coded_problem(
    first: int, folder: Path, rlm: Rlm, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(first, first + 20):
        for path in folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        assert not attempt(seed, folder, rlm, monkeypatch)
