"""`rlm mcp`: recipes as tools of agents."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from rlmlang.cli.edge import options_from
from rlmlang.cli.flags import flags, offering
from rlmlang.cli.places import keeping
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.schema.environment import MCP_TOKEN

if TYPE_CHECKING:
    from rlmlang.runtime.prepared import Options
    from rlmlang.serving.service import Service


@click.command()
@click.argument("files", nargs=-1, metavar="[FILE]...", shell_complete=offering("plans"))
@flags("mcp")
@click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="FOLDER",
    help="A folder that sources may come from; else the current one. May be repeated.",
)
@click.option(
    "--max-usd",
    type=click.FloatRange(0),
    metavar="DOLLARS",
    help="The most that all calls together may cost, for as long as the server lives.",
)
@click.option(
    "--max-calls",
    type=click.IntRange(0),
    metavar="COUNT",
    help="The most calls of models that they may make together.",
)
@click.option(
    "--http",
    "port",
    type=click.IntRange(0, 65_535),
    metavar="PORT",
    help="Serve programs of this machine over HTTP instead; 0 chooses a free port.",
)
def command(
    files: tuple[str, ...],
    roots: tuple[str, ...],
    max_usd: float | None,
    max_calls: int | None,
    port: int | None,
    store: str,
    models: tuple[str, ...],
    **more: object,
) -> None:
    """Serve recipes to agents as tools of MCP: each recipe of FILES (all below the current folder
    by default), and `plan`, `runs` and `show`, which cost nothing.

    Files that an agent names are read inside of --root alone. Over HTTP, RLM_MCP_TOKEN is what
    clients must say; else one is made and told.

    \b
    rlm mcp find.rlm --root books --max-usd 2
    rlm mcp std/needle --http 8765 --max-calls 500
    """
    from rlmlang.runtime.recipe_files import recipe_files

    given = (
        (path, options_from("", (), (), models, **keeping(store, path), **more))
        for path in recipe_files(files or (".",))
    )
    serve(_service(given, roots or (".",), max_usd, max_calls), port)


def _service(
    files: Iterable[tuple[str, Options]],
    roots: tuple[str, ...],
    usd: float | None,
    calls: int | None,
) -> Service:
    """What is served. Raises BadRecipe and CodedError."""
    from rlmlang.runtime.shared_budget import SharedBudget
    from rlmlang.serving.recipes import recipes_of
    from rlmlang.serving.roots import Roots
    from rlmlang.serving.service import Service

    ceiling = None if usd is calls is None else SharedBudget(usd=usd, calls=calls)
    service = Service(recipes_of(files), Roots(roots), ceiling)
    limits = "no ceiling: each call has its recipe's budget" if ceiling is None else repr(ceiling)
    click.echo(f"tools: {', '.join(service.recipes)}, plan, runs, show", err=True)
    click.echo(f"files of {', '.join(service.roots.folders)}; {limits}", err=True)
    return service


def serve(service: Service, port: int | None) -> None:
    """Serves until it is ended. Raises CodedError (extra-missing, wrong-input)."""
    import anyio

    try:
        from rlmlang.serving import server
    except ImportError as missing:
        words = f"serving agents needs the package {missing.name}"
        raise failed("extra-missing", words, hint="pip install 'rlmlang[mcp]'") from None
    if port is None:
        anyio.run(server.serve_stdio, service)
        return
    token = os.environ.get(MCP_TOKEN) or secrets.token_urlsafe(32)
    try:
        anyio.run(server.serve_http, service, port, token, lambda url: _tell(url, token))
    except OSError as mistake:
        words = f"port {port} cannot be listened at: {mistake.strerror}"
        raise failed("wrong-input", words, hint="--http 0 chooses a free one") from None


def _tell(url: str, token: str) -> None:
    """Says where it listens; a token that was given is told to nobody."""
    own = "" if os.environ.get(MCP_TOKEN) else f"\nAuthorization: Bearer {token}"
    click.echo(f"listening at {url}{own}", err=True)
