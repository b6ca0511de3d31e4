"""Why a call has no kept answer: which part of its request is not what it was."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator

import anyio

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.protocols import Sending
from rlmlang.runtime.prepared import Prepared
from rlmlang.runtime.session import Session
from rlmlang.stores.store import Store

FIELD = re.compile(r"^\[\[ ## (\w+) ## \]\]$", re.MULTILINE)
SHOWN = 5


def why_miss(ready: Prepared, step: str) -> list[str]:
    """Lines for a reader. Goes through kept answers until some are missing; sends nothing.

    Raises CodedError (unknown-node) for a step that the recipe does not have.
    """
    known = [n.id for n in ready.plan.parts() if n.verb not in ("input", "source")]
    if step not in known:
        raise failed("unknown-node", f"the recipe has no step `{step}`", hint=", ".join(known))
    session = Session(ready, dry=True)
    lines: list[str] = []

    async def go() -> None:
        await session.run(close=False)
        missed = session.models.missed
        mine = [m for m in missed if m.call.step == step]
        lines.extend(
            f"{sending.call}: {'; '.join(reasons(session.store, sending))}"
            for sending in (mine or missed)[:SHOWN]
        )
        if missed and not mine:
            lines.append(f"calls of `{step}` come after these")
        session.store.close()

    anyio.run(go)
    return lines or [f"all calls of `{step}` have kept answers"]


def reasons(store: Store, sending: Sending) -> Iterator[str]:
    """What of a request is not as it was when its item was last answered."""
    earlier = store.nearest(sending.call)
    if earlier is None:
        yield "no call of this step was ever answered"
        return
    if str(earlier.call) != str(sending.call):
        yield f"{sending.call} was never answered; the nearest is {earlier.call}"
    was, now = json.loads(earlier.settings), json.loads(sending.settings)
    for name in sorted(was.keys() | now.keys()):
        if was.get(name) != now.get(name):
            yield f"{name} was {was.get(name)!r}, is {now.get(name)!r}"
    if earlier.system != store.redact(sending.system):
        yield "the prompt changed: " + first_change(earlier.system, sending.system)
    old, new = fields(earlier.asked), fields(store.redact(sending.asked))
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"input `{name}` changed: {first_change(old.get(name, ''), new.get(name, ''))}"
    if earlier.key == sending.key:
        yield "its answer was refused, or is not to be used again"


def fields(asked: str) -> dict[str, str]:
    """The inputs of a request by name; of its examples, one text."""
    examples, _, last = ("\n\n" + asked).rpartition("\n\nuser: ")
    _, *rest = FIELD.split(last)
    return {"examples": examples, **dict(zip(rest[::2], rest[1::2], strict=False))}


def first_change(was: str, now: str) -> str:
    """The first lines that differ."""
    lines = difflib.unified_diff(was.splitlines(), now.splitlines(), lineterm="", n=0)
    changed = [x for x in lines if x[:1] in "+-" and not x.startswith(("+++", "---"))]
    return " / ".join(f"{x[0]} {x[1:].strip()[:70]}" for x in changed[:2]) or "white space"
