"""`rlm lsp`: the language server, for editors."""

from __future__ import annotations

import click


@click.command()
@click.option("--stdio", is_flag=True, help="What it does anyway; some editors say so.")
def command(stdio: bool) -> None:
    """Answer an editor over stdin and stdout, in the language server protocol: problems as one
    types, prices beside steps, names across files. An editor begins it: docs/editors.md says how.
    """
    from rlmlang.diagnostics.diagnostic import failed

    try:
        from rlmlang.editor.server import serve
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.startswith("rlmlang"):
            raise
        words = f"the language server needs {missing.name}, which is not installed"
        raise failed("extra-missing", words, hint="pip install 'rlmlang[lsp]'") from None
    serve()
