"""Options that several commands share: one table, each declared once, with the commands on which it
means something and the variable of the environment that stands for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import click

from rlmlang.cli.aside import keep_aside
from rlmlang.schema.provider_batches import ENGINES
from rlmlang.schema.sandboxes import choices

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    Offered: TypeAlias = list[CompletionItem[str]]

F = TypeVar("F", bound=Callable[..., object])
ASKING = ("run", "batch", "ask", "eval", "tune")  # these ask models
BINDING = ("run", "batch", "plan", "graph", "diff")  # these bind the inputs of a recipe
LOOKING = ("runs", "show", "view", "diff", "export", "store ls", "store verify", "store gc",
           "store adopt")  # fmt: skip
SAYING = (*ASKING, "check", "plan", "test", "runs", "show", "diff", "trust", "models", "doctor",
          "explain", "store ls", "store verify", "store gc", "store adopt", "store salvage",
          "store copy", "deps list", "deps verify", "deps check")  # fmt: skip


@dataclass(frozen=True)
class Flag:
    """A shared option: what is written, the name of its value, what it does, and the commands `on`
    which it means something.

    Without `shown` it takes no value; `offers` is the kind of what a shell completes it with.
    `own` are commands on which these words mean something of
    their own. The variable of one that is read `below`, by the library too, is left to that. One
    that is kept `aside` is no argument of its command: what needs it asks `cli/aside.py`.
    """

    words: tuple[str, ...]
    name: str
    doc: str
    on: tuple[str, ...]
    shown: str = ""
    kind: click.ParamType[int] | click.ParamType[float] | click.Choice[str] | None = None
    default: object = None
    multiple: bool = False
    own: tuple[str, ...] = ()
    below: bool = False
    aside: bool = False
    offers: str = ""

    @property
    def variable(self) -> str:
        """The variable of the environment."""
        return "RLM_" + self.words[0].partition("/")[0].strip("-").upper().replace("-", "_")


class Several(click.ParamType[str]):
    """Text of an option that may be given several times: in a variable, a line each."""

    name = "text"
    envvar_list_splitter = "\n"


class ReadBelow(click.Option):
    """An option whose variable is read by the runtime, where it counts for less than the option."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        """Nothing."""
        return None


SECONDS, COUNT = click.FloatRange(0, 1e7, min_open=True), click.IntRange(1, 4096)
FLAGS = (
    Flag(("--recipe",), "recipe", "Which recipe of the file.", BINDING, "NAME", default="",
         own=("runs",),
         offers="recipes"),
    Flag(("--set",), "sets", "A parameter's value, @FILE for a file's text, or budget.LIMIT=VALUE.",
         (*BINDING, "eval"), "NAME=VALUE", multiple=True, offers="sets"),
    Flag(("--source",), "sources", "A file or folder for a parameter or source; - is stdin.",
         BINDING, "NAME=PATH", multiple=True, own=("ask",), offers="sources"),
    Flag(("--model",), "models", "The model for all models of the recipe, or for one.",
         (*BINDING, "ask", "eval", "tune", "mcp"), "[MODEL=]NAME", multiple=True, below=True,
         own=("runs",),
         offers="models"),
    Flag(("--api-base",), "api_base", "An OpenAI-compatible endpoint.",
         (*ASKING, "plan", "graph", "diff", "doctor", "mcp"), "URL", default=""),
    Flag(("--api-key-env",), "api_key_env",
         "The variable that holds the endpoint's key; else RLM_API_KEY.", (*ASKING, "mcp"), "NAME",
         default=""),
    Flag(("--engine",), "engine",
         "How models are asked: live, or in batches at half the price and within a day.",
         ("run", "batch", "plan"), "live|batch", click.Choice(ENGINES)),
    Flag(("--profile",), "profile", "The profile of rlm.toml whose settings hold.",
         (*ASKING, "plan", "graph", "doctor", "models", "mcp", *LOOKING), "NAME", default="",
         below=True, aside=True, offers="profiles"),
    Flag(("--timeout",), "timeout", "Seconds a call may take.", (*ASKING, "mcp"), "SECONDS",
         SECONDS, 120.0),
    Flag(("--max-wait",), "max_wait",
         "Seconds a provider may refuse or be silent until the run parks.", (*ASKING, "mcp"),
         "SECONDS", SECONDS, 300.0),
    Flag(("--parallel",), "parallel", "Calls at a time; of an eval, of each example.",
         ("run", "batch", "ask", "eval", "mcp"), "COUNT", COUNT),
    Flag(("--items",), "items", "Items at a time.", ("batch", "work"), "COUNT",
         click.IntRange(1, 256)),
    Flag(("--lease",), "lease",
         "Seconds without a sign of life after which other workers take over.",
         ("batch", "work"), "SECONDS", click.FloatRange(0.5, 3600), 30.0),
    Flag(("--at-once",), "at_once", "Examples at a time.", ("eval", "tune"), "COUNT",
         click.IntRange(1, 256), 4),
    Flag(("--trust",), "trust", "Trust the recipe and its rlm.toml, this once; see `rlm trust`.",
         (*ASKING, "plan", "graph", "diff", "test", "doctor", "mcp", "work"), below=True),
    Flag(("--locked",), "locked", "Fail where a package is not as it was locked.",
         (*BINDING, "check", "eval", "tune", "mcp", "deps lock")),
    Flag(("--untuned",), "untuned", "Leave a tuning beside the recipe aside.",
         (*BINDING, "eval")),
    Flag(("--rewrite/--no-rewrite",), "rewrite",
         "Leave out of the plan what changes nothing but the price.", (*BINDING, "eval"),
         default=True),
    Flag(("--sandbox",), "sandbox", f"Where model-written code runs: {choices()}.",
         (*ASKING, "mcp"), "TIERS", default="", offers="tiers"),
    Flag(("--allow-unsafe",), "allow_unsafe",
         "Let it run where this machine cannot lock a process down.", (*ASKING, "mcp")),
    Flag(("--replay",), "replay", "Only kept answers; send nothing.", ("run", "ask")),
    Flag(("--retry-failed",), "retry_failed", "Ask again where an answer was refused.",
         ("run", "batch", "ask", "eval")),
    Flag(("--fresh",), "fresh", "Begin anew, without answers of earlier runs.",
         ASKING),
    Flag(("--store",), "store",
         "What keeps runs: a file, or postgresql://…; else .rlm/store.db of the project.",
         (*ASKING, "graph", "test", "import", "mcp", "work", *(c for c in LOOKING if c != "runs")),
         "PATH", default="", own=("runs",), offers="file"),
    Flag(("--no-store",), "no_store", "Keep nothing, use nothing kept.",
         ("run", "ask", "eval", "tune")),
    Flag(("--dry-run",), "dry_run", "Only say what would be done, and what it may cost.",
         ("batch", "tune", "store gc")),
    Flag(("--json",), "as_values", "As JSON, for other programs.", SAYING),
    Flag(("--fail-on-warning",), "fail_on_warning",
         "Exit with 65 where there are warnings, before any model is asked.",
         (*ASKING, "check", "plan", "test")),
    Flag(("--quiet", "-q"), "quiet", "Only the result: no progress, no notes.",
         (*ASKING, "check", "test", "work")),
)  # fmt: skip


def flags(command: str) -> Callable[[F], F]:
    """Gives a command the shared options that mean something on it."""

    def decorate(function: F) -> F:
        for flag in reversed([f for f in FLAGS if command in f.on]):
            function = _option(flag)(function)
        return function

    return decorate


def _option(flag: Flag) -> Callable[[F], F]:
    """The option of a row. One without a default has none, or no value at all."""
    return click.option(
        *flag.words,
        flag.name,
        cls=ReadBelow if flag.below else click.Option,
        default=(() if flag.multiple else None if flag.shown else False)
        if flag.default is None
        else flag.default,
        help=flag.doc,
        metavar=flag.shown or None,
        is_flag=not flag.shown,
        type=Several() if flag.multiple else flag.kind,
        multiple=flag.multiple,
        show_default=bool(flag.default),
        envvar=flag.variable,
        shell_complete=offering(flag.offers) if flag.offers else None,
        expose_value=not flag.aside,
        callback=keep_aside if flag.aside else None,
    )


def offering(
    kind: str,
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem[str]]]:
    """What a shell completes an option or argument with, of a kind of `cli/suggestions.py`."""

    def complete(
        ctx: click.Context, option: click.Parameter, word: str
    ) -> list[CompletionItem[str]]:
        from rlmlang.cli.suggestions import suggest

        return suggest(kind, ctx, word)

    return complete
