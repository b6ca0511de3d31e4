"""A plan as a picture or a document: one table of forms, by name and by the ending of a file."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import PurePath

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.ir.suite import Batch
from rlmlang.plan import diagram
from rlmlang.plan.batches import with_batches
from rlmlang.plan.graph import Graph
from rlmlang.plan.plan import Plan
from rlmlang.runtime.checking import checked
from rlmlang.value import Frozen, value

TOOL = "dot"
SECONDS = 60.0
PAGE = '<!doctype html>\n<meta charset="utf-8">\n'


@value
class Drawing(Frozen):
    """A form by its name, with the endings of its files; `tool` is a program that it needs."""

    name: str
    endings: tuple[str, ...]
    draw: Callable[[Plan, Sequence[Batch]], bytes]
    tool: str = ""


def _text(form: Callable[[Graph], str], plan: Plan, batches: Sequence[Batch]) -> bytes:
    """The graph in a form of `plan/diagram.py`."""
    return form(with_batches(plan.graph, batches)).encode()


def _by_tool(kind: str, plan: Plan, batches: Sequence[Batch]) -> bytes:
    """Drawn by Graphviz. Raises CodedError (extra-missing, wrong-value)."""
    program = shutil.which(TOOL)
    if program is None:
        raise _without_tool(kind)
    text = _text(diagram.dot, plan, batches)
    try:
        command = [program, f"-T{kind}"]
        done = subprocess.run(  # noqa: S603, a fixed program, its input a graph
            command, input=text, capture_output=True, check=True, timeout=SECONDS
        )
    except (OSError, subprocess.SubprocessError) as mistake:
        said = getattr(mistake, "stderr", b"") or str(mistake).encode()
        words = said.decode("utf-8", "replace").strip().splitlines()
        raise failed(
            "wrong-value",
            f"`{TOOL}` of Graphviz could not draw the plan: {(words or ['it says nothing'])[0]}",
            hint="--out plan.svg needs no program",
        ) from None
    return done.stdout


DRAWINGS = {
    d.name: d
    for d in (
        Drawing("mermaid", (".mmd", ".mermaid"), partial(_text, diagram.mermaid)),
        Drawing("dot", (".dot", ".gv"), partial(_text, diagram.dot)),
        Drawing("svg", (".svg",), partial(_text, diagram.svg)),
        Drawing("html", (".html", ".htm"), lambda p, b: (PAGE + p.to_html(b)).encode()),
        Drawing("graphml", (".graphml",), lambda p, b: p.to_graphml(b).encode()),
        Drawing("json", (".json",), lambda p, b: p.to_json(b).encode()),
        Drawing("png", (".png",), partial(_by_tool, "png"), TOOL),
        Drawing("pdf", (".pdf",), partial(_by_tool, "pdf"), TOOL),
    )
}


def drawn_of(file: str, recipe: str) -> tuple[str, str, tuple[Batch, ...]]:
    """The file and the recipe that are drawn, and the batches that the file declares over it. A
    file of batches alone is drawn as the recipe of the first. Raises CodedError."""
    if file.endswith(".json"):
        return file, recipe, ()
    found = checked(file)
    batches = found.suite.batches
    if not found.recipes and batches:
        own = [b for b in batches if recipe in ("", b.recipe)] or batches
        file, recipe = own[0].path, own[0].recipe
    chosen = recipe or found.main
    return file, recipe, tuple(b for b in batches if b.recipe == chosen)


def drawing_for(name: str, out: str | None) -> Drawing:
    """The form of that name, else that of a file's ending; Mermaid for a file without one, and
    where nothing is said. Raises CodedError (unknown-format, extra-missing)."""
    ending = PurePath(out or "").suffix.lower()
    by_ending = (d for d in DRAWINGS.values() if ending in d.endings)
    found = DRAWINGS.get(name) if name else next(by_ending, None)
    if found is None and not name and not ending:
        return DRAWINGS["mermaid"]
    if found is None:
        known = " ".join(e for d in DRAWINGS.values() for e in d.endings)
        what = f"--format {name}" if name else f"{out}"
        near = did_you_mean(name, DRAWINGS) if name else f"endings are {known}"
        raise failed("unknown-format", f"{what}: no plan is drawn so", hint=near)
    if found.tool and shutil.which(found.tool) is None:
        raise _without_tool(found.name)
    return found


def _without_tool(kind: str) -> CodedError:
    free = " ".join(e for d in DRAWINGS.values() if not d.tool for e in d.endings)
    return failed(
        "extra-missing",
        f"{kind} is drawn by Graphviz, and its `{TOOL}` is not installed",
        hint=f"install it (apt install graphviz, brew install graphviz); without it: {free}",
    )
