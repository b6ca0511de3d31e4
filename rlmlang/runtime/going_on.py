"""A session of questions that is gone on with, also from another process: what its last run left,
read from the store that keeps it, and held for one process at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.runtime.prepared import Options
from rlmlang.runtime.stored import own_only_of, reader_for
from rlmlang.stores.address import StoreAddress
from rlmlang.stores.database import Claim
from rlmlang.stores.databases import database_of
from rlmlang.stores.reader import StoreReader
from rlmlang.stores.runs import FINISHED
from rlmlang.trajectory.events import SessionLeft
from rlmlang.value import Json

LONGEST = 200
Before = Mapping[str, Json]
"""What the parameter of the recipe takes: `conversation`, `variables`, `lost`."""


@contextmanager
def going_on(session: str, options: Options) -> Iterator[Before]:
    """What a session has left so far, which no other call goes on with meanwhile. Raises CodedError
    (wrong-input, session-in-use, store-unwritable)."""
    if not isinstance(session, str) or not 0 < len(session) <= LONGEST:
        raise failed("wrong-input", f"session={session!r:.60} is no name", hint='session="case 7"')
    if options.store is None:
        raise failed(
            "wrong-input",
            "a session is kept in a store, and store=None keeps nothing",
            hint="leave store=None out, or name a file: store=Path('runs.db')",
        )
    claim = _taken(options.store, session)
    if claim is None:
        raise failed(
            "session-in-use",
            f"another call goes on with the session {session!r}",
            reason="Each call begins with what the one before it left.",
            hint="call again when it has ended, or name another session",
        )
    try:
        yield _left(session, options.store, own_only=own_only_of(options))
    finally:
        claim.drop()


def _taken(store: StoreAddress, session: str) -> Claim | None:
    try:
        return database_of(store).session(session)
    except OSError as mistake:
        words = f"{mistake.filename or store} cannot be written: {mistake.strerror}"
        raise failed("store-unwritable", words) from None


def _left(session: str, store: StoreAddress, *, own_only: bool) -> Before:
    """What the finished runs of a session left: all questions and answers, the last variables."""
    try:
        with closing(reader_for(store, own_only=own_only)) as reader:
            return _read(session, reader)
    except CodedError as problem:
        if problem.diagnostic.code != "unknown-run":
            raise
        return {"conversation": [], "variables": [], "lost": []}


def _read(session: str, reader: StoreReader) -> Before:
    runs = [r for r in reader.runs() if r.data.get("session") == session and r.state == FINISHED]
    runs.sort(key=lambda run: run.id)
    found = [(r.data.get("sets", {}).get("question", ""), reader.ended(r)) for r in runs]
    conversation = [
        {"question": question, "answer": str(ended.result)}
        for question, ended in found
        if ended is not None
    ]
    left = reader.last(runs[-1], SessionLeft) if runs else None
    variables = [{"name": n, "value": v} for n, v in left.variables] if left is not None else []
    lost = list(left.lost) if left is not None else []
    return {"conversation": conversation, "variables": variables, "lost": lost}
