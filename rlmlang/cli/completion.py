"""`rlm completion`: the shell's completion script, and the answers that it asks for."""

from __future__ import annotations

import os
from contextlib import redirect_stderr
from io import StringIO

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    ZshComplete,
    add_completion_class,
    get_completion_class,
)

VARIABLE = "_RLM_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a shell, to be put into its start-up file.

    \b
    Bash:  eval "$(rlm completion bash)"   in ~/.bashrc
    Zsh:   eval "$(rlm completion zsh)"    in ~/.zshrc, behind compinit
    Fish:  rlm completion fish | source    in ~/.config/fish/config.fish
    """
    rlm = click.get_current_context().find_root().command
    if (kind := get_completion_class(shell)) is not None:
        click.echo(kind(rlm, {}, "rlm", VARIABLE).source())


@add_completion_class
class Bash(BashComplete):
    """Bash parts words at `=`; and no blank follows what goes on behind its end."""

    source_template = BashComplete.source_template.replace(
        "    return 0",
        "    [[ ${COMPREPLY[0]} == *[=/] ]] && compopt -o nospace\n    return 0",
    )
    before = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one that is completed, and that one."""
        args, word = super().get_completion_args()
        if word == "=":
            args, word = [*args, word], ""
        if "=" not in args[-2:]:
            return args, word
        at = len(args) - 1 - args[::-1].index("=")
        self.before = f"{args[at - 1]}="
        return args[: at - 1], self.before + word

    def format_completion(self, item: CompletionItem[str]) -> str:
        """An answer without what stands before the last `=` already."""
        return f"{item.type},{item.value.removeprefix(self.before)}"


@add_completion_class
class Zsh(ZshComplete):
    """No blank follows what goes on behind its end."""

    source_template = (
        ZshComplete.source_template.replace(
            "compadd -U -V unsorted -a completions",
            "compadd -U -V unsorted -a completions\n    fi\n\n"
            "    if [ -n \"$open\" ]; then\n        compadd -U -S '' -V open -a open",
        )
        .replace(
            'completions+=("$key")',
            'if [[ "$key" == *[=/] ]]; then open+=("$key"); else completions+=("$key"); fi',
        )
        .replace("    local -a response\n", "    local -a response open\n")
    )


def answer(rlm: click.Command) -> int:
    """What the shell asked for, on stdout; nothing where something is wrong, and never a word on
    stderr, which would stand in the middle of what the user types."""
    with redirect_stderr(StringIO()):
        shell, _, asked = os.environ[VARIABLE].partition("_")
        try:
            kind = get_completion_class(shell)
            if kind is None:
                return 1
            made = kind(rlm, {}, "rlm", VARIABLE)
            click.echo(made.source() if asked == "source" else made.complete())
        except Exception:
            return 1
    return 0
