"""A plan as a picture or a document: one table of forms, by name and by the ending of a file."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import PurePath

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.diagnostics.suggest import did_you_mean
from rlmlang.plan import diagram
from rlmlang.plan.plan import Plan
from rlmlang.value import Frozen, value

TOOL = "dot"
SECONDS = 60.0
PAGE = '<!doctype html>\n<meta charset="utf-8">\n'


@value
class Drawing(Frozen):
    """A form by its name, with the endings of its files; `tool` is a program that it needs."""

    name: str
    endings: tuple[str, ...]
    draw: Callable[[Plan], bytes]
    tool: str = ""


def _by_tool(kind: str, plan: Plan) -> bytes:
    """Drawn by Graphviz. Raises CodedError (extra-missing, wrong-value)."""
    program = shutil.which(TOOL)
    if program is None:
        raise _without_tool(kind)
    text = diagram.dot(plan.graph).encode()
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
        Drawing("mermaid", (".mmd", ".mermaid"), lambda plan: diagram.mermaid(plan.graph).encode()),
        Drawing("dot", (".dot", ".gv"), lambda plan: diagram.dot(plan.graph).encode()),
        Drawing("svg", (".svg",), lambda plan: diagram.svg(plan.graph).encode()),
        Drawing("html", (".html", ".htm"), lambda plan: (PAGE + plan._repr_html_()).encode()),
        Drawing("graphml", (".graphml",), lambda plan: plan.to_graphml().encode()),
        Drawing("json", (".json",), lambda plan: plan.to_json().encode()),
        Drawing("png", (".png",), partial(_by_tool, "png"), TOOL),
        Drawing("pdf", (".pdf",), partial(_by_tool, "pdf"), TOOL),
    )
}


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
