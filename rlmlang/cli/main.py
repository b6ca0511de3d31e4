"""`rlm`: a command's module is imported only when that command is called."""

from __future__ import annotations

import errno
import gc
import os
import sys
from importlib import import_module
from keyword import iskeyword

import click

from rlmlang.cli.terminal import open_streams, settle_streams
from rlmlang.schema.exits import INTERRUPTED, OK

UNWRITTEN = (errno.ENOSPC, errno.EBADF, errno.EIO, errno.EDQUOT, errno.EFBIG)
COMMANDS = {
    "new": "Write a recipe that runs as it is.",
    "fmt": "Lay recipes out in the one way.",
    "check": "Find what is wrong with recipes, without running anything.",
    "plan": "Show the price of a recipe before paying it.",
    "graph": "Draw the plan as SVG, Mermaid or DOT.",
    "run": "Run a recipe.",
    "ask": "Ask a question of a text or folder of any size.",
    "batch": "Run a recipe over many inputs, and go on where it ended.",
    "work": "Help with the batches of a store, from any machine.",
    "test": "Run the tests that recipes declare, offline.",
    "eval": "Score a recipe over labelled examples.",
    "tune": "Find better prompts and numbers, and say how much better.",
    "runs": "List the runs that are kept.",
    "show": "Show what happened in a run.",
    "view": "Write a run as one page for a browser.",
    "diff": "Show what changed between recipes, plans or runs.",
    "export": "Write a run's events for other tools.",
    "import": "Keep runs that other programs logged.",
    "store": "Look after the file that keeps runs.",
    "deps": "Look after the packages that a project uses.",
    "doc": "Show what a package offers, as Markdown.",
    "trust": "Trust a folder's rlm.toml with endpoints, keys and sandboxes.",
    "mcp": "Serve recipes to agents as tools.",
    "explain": "Explain a problem's code, or what a word of the language takes.",
    "stub": "Write a typed Python module for a recipe's file.",
    "lsp": "Answer an editor: problems, prices, names, fixes.",
    "doctor": "Say what works on this machine, and what does not.",
    "models": "List the models with a known price.",
    "completion": "Print the shell's completion script.",
}


class Commands(click.Group):
    """A group whose commands are named here and loaded when needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        found: click.Command = import_module(f"rlmlang.cli.{module}").command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name and name not in COMMANDS and not name.startswith("-"):
            from rlmlang.diagnostics.suggest import nearest

            near = nearest(name, COMMANDS)
            ctx.fail(f"there is no command '{name}'" + (f"; is it '{near}'?" if near else ""))
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "RLM"},
)
@click.version_option(package_name="rlmlang", prog_name="rlm")
def rlm() -> None:
    """Recursive language models as source code: declared, bounded, recorded.

    A recipe says how a large context is cut up and read. `rlm check` finds its mistakes, `rlm
    plan` its price, `rlm run` its answer. Begin with `rlm new first.rlm`.

    Options that several commands share may stand in the environment: RLM_STORE for --store, RLM_SET
    for --set, a line each. `rlm explain 75` explains an exit code.
    """


def told_as_json(mistake: click.ClickException) -> int:
    """Tells a mistake of the command line on stdout as well, where JSON was asked for. Gives the
    exit code."""
    from rlmlang.cli.edge import tell_usage

    tell_usage(mistake.format_message(), sys.argv[1:])
    return mistake.exit_code


def main() -> None:
    """The entry point: problems become one screen and an exit code, never a traceback."""
    gc.disable()  # a short command leaves no circles worth a search; `rlm run` turns it on
    if os.environ.get("_RLM_COMPLETE"):
        from rlmlang.cli.completion import answer

        sys.exit(answer(rlm))
    open_streams()
    settle_streams()
    try:
        code = rlm(standalone_mode=False) or OK  # click gives the code of an Exit back
    except click.ClickException as mistake:
        mistake.show()
        code = told_as_json(mistake)
    except click.Abort:
        code = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = OK
    except Exception as problem:
        from rlmlang.cli.edge import tell
        from rlmlang.diagnostics.diagnostic import CodedError

        told = problem if isinstance(problem, CodedError) else unwritten(problem) or problem
        code = tell(told, sys.argv[1:])
    sys.exit(ended(code))


def unwritten(mistake: Exception | None = None) -> Exception | None:
    """The problem of a stdout that did not take what was written, or does not take what is left;
    that is left out. None where it is no mistake of writing there. One that its command has closed,
    as the server of an editor does, has taken all."""
    try:
        if not sys.stdout.closed:
            sys.stdout.flush()
    except OSError as later:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        mistake = mistake or later
    if not isinstance(mistake, OSError) or mistake.filename or mistake.errno not in UNWRITTEN:
        return None
    from rlmlang.cli.target import unwritable

    return unwritable("stdout", str(mistake.strerror), "give it another place to go to")


def ended(code: int) -> int:
    """The exit code of a command, once all that it wrote is out."""
    problem = unwritten()
    if problem is None or code != OK:
        return code
    from rlmlang.cli.edge import tell

    return tell(problem, sys.argv[1:])
