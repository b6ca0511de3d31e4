"""What the command line says of recipes, whole: plan, graph, run, receipt, calls and `rlm show`.

`golden/*.rlm` stand beside `golden/*.txt`; `golden/others.toml` names recipes of the examples and the
standard library. Lines of a recipe: `//! args …` is its command line, `//! show NODE` shows a node in
full, `//! plan only` runs nothing, `//! again` runs it twice. The embedded reader answers, but for the answers of
`golden/*.say.toml`. `pytest tests/test_golden.py --update` writes the texts anew: read the diff.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from dspy.lm15 import Message, Request, Response, TextPart, Usage

from rlmlang.models.engines.call_context import request_text
from rlmlang.models.offline.reader import OfflineReader
from rlmlang.testing.scripted import written
from tests.conftest import ROOT, Result, Rlm

HERE = Path(__file__).parent / "golden"
MARKED = "[[ ## "
MOST = 400  # of an answer in the list of calls
READER = OfflineReader.complete
VARYING = (
    (re.compile(r"\b\d{8}-\d{6}-(\w+?)-[0-9a-f]{4}\b"), r"RUN-\1"),
    (re.compile(r"\b\d+\.\d s$", re.MULTILINE), "SECONDS s"),
    (re.compile(r"(prices(?: of |_from\": \"))\d{4}-\d\d-\d\d"), r"\1DATE"),
    (re.compile(r"(\"seconds\": )[\d.]+"), r"\1SECONDS"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
)


@dataclass(frozen=True)
class Case:
    """A recipe as it is named on the command line, with its arguments and what to show of it."""

    name: str
    file: str
    args: tuple[str, ...]
    shown: tuple[str, ...] = ()
    runs: int = 1
    copied: str = ""  # the folder whose recipes and code are needed


def own(path: Path) -> Case:
    """A recipe of this folder."""
    told = [shlex.split(x[4:]) for x in path.read_text().splitlines() if x.startswith("//! ")]
    args = [a for words in told if words[0].startswith("--") for a in words]
    shown = tuple(words[1] for words in told if words[0] == "show")
    runs = 0 if ["plan", "only"] in told else 1 + (["again"] in told)
    return Case(path.stem, path.name, tuple(args), shown, runs, str(HERE))


def cases() -> list[Case]:
    """Our own recipes, then those of others.toml."""
    others = tomllib.loads((HERE / "others.toml").read_text())
    return [own(p) for p in sorted(HERE.glob("*.rlm"))] + [
        Case(
            name,
            said["file"],
            tuple(shlex.split(said["args"])),
            (),
            1,
            str(ROOT / said["folder"]) if "folder" in said else "",
        )
        for name, said in others.items()
    ]


class Told:
    """Some answers in place of the embedded reader's: those of the first entry of which all words
    stand in the request, one after the other, then the last one again. What has a field's mark is
    said as it is."""

    def __init__(self, name: str) -> None:
        path = HERE / f"{name}.say.toml"
        self.told = tomllib.loads(path.read_text())["say"] if path.exists() else []

    async def complete(self, request: Request) -> Response:
        """The answer that was told, else the reader's own."""
        asked = request_text(request)
        entry = next((x for x in self.told if all(w in asked for w in x["when"])), None)
        if entry is None:
            return await READER(OfflineReader(), request)
        text = entry["answers"][0]
        entry["answers"] = entry["answers"][1:] or entry["answers"]
        words = text if MARKED in text else written(text)
        return Response(
            id="told",
            model=request.model,
            message=Message.assistant([TextPart(words)]),
            finish_reason="stop",
            usage=Usage(input_tokens=len(asked) // 4, output_tokens=5),
        )


@pytest.mark.parametrize("case", cases(), ids=lambda c: c.name)
def test_a_recipe_says_what_it_said(
    case: Case,
    folder: Path,
    rlm: Rlm,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    shutil.copytree(HERE / "data", folder, dirs_exist_ok=True)
    for file in Path(case.copied).glob("*") if case.copied else ():
        if file.suffix in (".rlm", ".py"):
            shutil.copy(file, folder)
    monkeypatch.setattr(OfflineReader, "complete", Told(case.name).complete)
    found = transcript(case, folder, rlm)
    expected = HERE / f"{case.name}.txt"
    if request.config.getoption("--update"):
        expected.write_text(found)
    assert found == expected.read_text()


def transcript(case: Case, folder: Path, rlm: Rlm) -> str:
    """Every command with all that it says."""
    parts: list[str] = []

    def say(*words: str, shown: Any = None) -> Result:
        done = rlm(*words)
        told = shown(done.out) if shown and done.out else done.out
        ending = f"exit {done.code}\n" if done.code else ""
        parts.append(f"$ rlm {shlex.join(words)}\n{told}{done.err}{ending}")
        return done

    say("plan", case.file, *case.args)
    say("plan", case.file, *case.args, "--json", shown=plan_lines)
    say("graph", case.file, *case.args)
    if case.copied == str(HERE):
        say("graph", case.file, *case.args, "--format", "dot")
    for run in range(case.runs):
        say("run", case.file, *case.args, *(["--json"] if run else []))
    if case.runs:
        say("show")
        say("show", "--json", shown=call_lines)
        for node in case.shown:
            say("show", "last", node)
    return steady("\n".join(parts), folder)


def steady(text: str, folder: Path) -> str:
    """A transcript without what differs from run to run."""
    text = text.replace(str(folder.resolve()), "FOLDER").replace(str(ROOT), "ROOT")
    for pattern, word in VARYING:
        text = pattern.sub(word, text)
    return text


def plan_lines(text: str) -> str:
    """A plan's JSON, a line for each node, edge and part; a bound of nothing is left out."""
    plan = json.loads(text)
    for node in plan["nodes"]:
        if not any(any(v.values()) for v in node["bound"].values() if isinstance(v, dict)):
            del node["bound"]
        for inner in ("operation", "when", "assumed", "places"):
            node.pop(inner, None)
    for own in ("format", "version", "directed", "multigraph", "graph", "interface", "binding"):
        del plan[own]
    nodes = [json.dumps(n, ensure_ascii=False) for n in plan.pop("nodes")]
    edges = [
        f"{e['source']} -> {e['target']}  {e['kind']} {e['port']} {e['mode']}"
        for e in plan.pop("edges")
    ]
    rest = [f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in plan.items()]
    return "\n".join([*nodes, *edges, *rest, ""])


def call_lines(text: str) -> str:
    """The calls of a run, the pieces each was shown, and its answer; then the receipt."""
    events = [json.loads(x) for x in text.splitlines()]
    calls = [e for e in events if "call" in e and e["event"] != "call_started"]
    calls.sort(
        key=lambda e: [
            (int(x), "") if x.isdigit() else (-1, x) for x in re.split(r"(\d+)", e["call"])
        ]
    )
    lines = [call_line(e) for e in calls]
    receipt = [json.dumps(x) for e in events for x in e.get("receipt", ())]
    return "\n".join([*lines, *receipt, ""])


def call_line(event: dict[str, Any]) -> str:
    """One call."""
    read = ", ".join(f"{doc} {start}-{end}" for doc, start, end in event.get("ranges", ()))
    tried = f" try {event['attempt'] + 1}" if event.get("attempt") else ""
    said = " | ".join(event.get("answer", "").replace("[[ ## completed ## ]]", "").split("\n"))
    said = re.sub(r"[ |]*\[\[ ## (\w+) ## \]\][ |]*", r" \1: ", said).strip(" |")
    why = f" {event.get('code', '')} {event['reason']}" if "reason" in event else ""
    said = said if len(said) <= MOST else said[:MOST] + " …"
    return f"{event['event']} {event['call']}{tried} {event.get('prompt', '')} [{read}]{why} {said}"
