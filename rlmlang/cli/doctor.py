"""`rlm doctor`: what works on this machine."""

from __future__ import annotations

import asyncio
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
from collections.abc import Iterator

import click

from rlmlang.cli.aside import kept
from rlmlang.cli.flags import flags
from rlmlang.cli.width import show
from rlmlang.schema.exits import FAILED
from rlmlang.schema.sandboxes import TIERS

EXTRAS = {
    "bpe_openai": ("tokens", "real token counts instead of an estimate"),
    "litellm": ("litellm", "providers without an OpenAI-compatible endpoint"),
    "optuna": ("mipro", "the optimizer mipro"),
    "pyarrow": ("parquet", "Parquet tables"),
    "sqlalchemy": ("sql", "rows of SQL queries"),
    "tree_sitter_javascript": ("code", "functions of languages other than Python"),
}
KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "MISTRAL_API_KEY", "RLM_API_KEY")


@click.command()
@flags("doctor")
def command(api_base: str, trust: bool, as_values: bool) -> None:
    """Check this machine: versions, extras, sandboxes, keys, an endpoint where one is named, and
    whether runs can be kept."""
    rows = [
        *_versions(),
        *_extras(),
        *_sandboxes(),
        *_keys(),
        *_endpoint(api_base, trust=trust),
        _sqlite(),
        *_project(),
    ]
    if as_values:
        values = [{"what": a, "ok": ok, "words": words} for a, ok, words in rows]
        click.echo(json.dumps(values, indent=2))
    else:
        show(f"{'ok ' if ok else '-- '} {what:<26} {words}" for what, ok, words in rows)
    if not all(ok for what, ok, _ in rows if what in ("python", "dspy", "store")):
        raise click.exceptions.Exit(FAILED)


def _versions() -> list[tuple[str, bool, str]]:
    rows = [("python", sys.version_info >= (3, 11), f"{platform.python_version()}, 3.11 needed")]
    for name in ("rlmlang", "dspy", "lark", "networkx"):
        try:
            rows.append((name, True, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            rows.append((name, False, "not installed"))
    return rows


def _extras() -> list[tuple[str, bool, str]]:
    tiers = {t.needs: (t.extra, f"the sandbox {t.name}") for t in TIERS.values() if t.extra}
    return [
        (
            f"extra {extra}",
            importlib.util.find_spec(module) is not None,
            f"{words}: pip install 'rlmlang[{extra}]'",
        )
        for module, (extra, words) in (EXTRAS | tiers).items()
    ]


def _sandboxes() -> list[tuple[str, bool, str]]:
    """Each tier: whether it works here, and what it cannot do or why it does not."""
    from rlmlang import plugins
    from rlmlang.partitions.measure import Estimate
    from rlmlang.sandboxes.tiers import Tiers

    names = [*TIERS, *plugins.names(TIERS.group)]

    async def trials() -> list[tuple[str, bool, str]]:
        tiers = Tiers(plugins.partition, plugins.tier, Estimate())
        try:
            return [(f"sandbox {name}", *await tiers.trial(name)) for name in names]
        finally:
            await tiers.close()

    return asyncio.run(trials())


def _keys() -> list[tuple[str, bool, str]]:
    return [
        (key, bool(os.environ.get(key)), "set" if os.environ.get(key) else "not set")
        for key in KEYS
    ]


def _endpoint(base: str, *, trust: bool) -> list[tuple[str, bool, str]]:
    """Whether the endpoint of the option, the environment or the project file answers."""
    from rlmlang.models.listing import listed
    from rlmlang.runtime.endpoint import endpoint_of
    from rlmlang.runtime.prepared import Options
    from rlmlang.runtime.project import load
    from rlmlang.runtime.root import root_of
    from rlmlang.runtime.trust import untrusted

    options, project = Options(api_base=base, trust=trust), load(root_of(), kept("profile"))
    address = endpoint_of(options, project).address
    if address is None:
        return []
    if untrusted(project, options) is not None:
        return [("endpoint", False, f"{address.identity} is not asked: rlm.toml is not trusted")]
    names, words = listed(address)
    shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    return [("endpoint", bool(names), f"{address.identity} {words}{shown}")]


def _sqlite() -> tuple[str, bool, str]:
    """Versions from 3.7.0 to before 3.51.3 may damage a log that two connections write at once;
    every commit to a store takes one lock, so that it cannot come to this here."""
    import sqlite3

    from rlmlang.stores.schema import has_reset_bug

    words = "has the WAL-reset bug (mended in 3.51.3), which the store's lock keeps away"
    return "sqlite", True, f"{sqlite3.sqlite_version}{' ' + words if has_reset_bug() else ''}"


def _project() -> Iterator[tuple[str, bool, str]]:
    """The project of the current folder, and whether its runs can be kept."""
    from pathlib import Path

    from rlmlang.cli.places import store_of
    from rlmlang.diagnostics.diagnostic import CodedError
    from rlmlang.runtime.project import load
    from rlmlang.runtime.root import FILE, root_of
    from rlmlang.runtime.stored import whose

    root = root_of()
    yield "project", True, f"{root.folder}, {root.file or f'no {FILE} at or above it'}"
    for path in root.strange:
        yield "project", False, f"{path} belongs to somebody else, and is left aside"
    if words := load(root, kept("profile")).profile.words:
        yield "profile", True, words
    try:
        store = store_of("")
    except CodedError as mistake:
        yield "store", False, mistake.diagnostic.message
        return
    if not isinstance(store, Path):
        yield "store", True, f"{store}"
        return
    store = store.absolute()
    ok = os.access(next(p for p in (store, *store.parents) if p.exists()), os.W_OK)
    yield "store", ok, f"{store} {'can' if ok else 'cannot'} be written"
    counts, words = whose(store)
    if words:
        yield "rows of the store", counts, words
