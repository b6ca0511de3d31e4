"""The pages of what has a contract: partitions, searches, sources, sandboxes, tools, metrics, …"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from rlmlang.functions.function import Function
from rlmlang.metrics import METRICS, Metric
from rlmlang.reference.functions import function_page
from rlmlang.reference.page import Page, Row
from rlmlang.reference.settings import rows
from rlmlang.schema.calls import CALLS
from rlmlang.schema.formula import ZERO, symbol
from rlmlang.schema.partitions import STRATEGIES, Extent, Strategy
from rlmlang.schema.readers import DOCUMENTS, PACKED, ReaderKind
from rlmlang.schema.sandboxes import TIERS, Tier
from rlmlang.schema.searches import SEARCHES, Search
from rlmlang.schema.setting import Setting
from rlmlang.schema.sources import SOURCES, SourceKind
from rlmlang.schema.tools import BUILT_IN, HANDLE, Question

NAMED = "arguments that are written by name may be set: --set NAME.argument=…"
GIVES = {
    "text": "a Text", "rows": "rows, [Row]", "tree": "a Tree", "image": "an Image",
    "images": "images, [Image]",
}  # fmt: skip
OF = {"text": "a text", "rows": "rows", "tree": "a tree"}
SAMPLE = {"size": 4_000, "count": 25, "fraction": 0.1}
SIZE = Extent(symbol("", "x"), symbol("lines", "x"), symbol("longest", "x"), symbol("files", "x"))


def contract_pages() -> Iterator[Page]:
    """A page of each contract of ours."""
    for registry in (STRATEGIES, SEARCHES, SOURCES, TIERS, METRICS):
        yield from map(page_of, registry.values())
    for call in CALLS:
        if call.name not in ("recurse", "score"):
            title = call.doc[0].lower() + call.doc[1:].removesuffix(".")
            yield Page(
                call.name,
                "call",
                title,
                f"Stands {call.where}.",
                _call(call.name, call.arguments),
                rows(call.arguments),
                place=f"examples/{call.example}",
            )
    yield from (_tool(q) for q in (*BUILT_IN.values(), *HANDLE.values()))
    yield from map(_reader, (*PACKED, *DOCUMENTS))


def page_of(found: object) -> Page:
    """The page of what another distribution may add too, whosever it is.

    Raises TypeError for what is none."""
    match found:
        case Strategy():
            return _strategy(found)
        case Search():
            return Page(
                found.name,
                "search",
                _title(found.doc),
                "",
                _call(found.name, found.arguments),
                rows(found.arguments),
                (("coverage", "gives `some`"), ("", NAMED)),
                place=_ours(found.name, SEARCHES.names, "searches"),
            )
        case SourceKind():
            return _source(found)
        case Tier():
            return _tier(found)
        case Function():
            return function_page(found)
        case Metric():
            limit = (("", f"the recipe's budget must limit {found.limit}"),) if found.limit else ()
            return Page(
                found.name,
                "metric",
                _title(found.doc),
                "",
                f"score {found.name} weight 1",
                (),
                limit,
                place="examples/eval",
            )
    raise TypeError(type(found).__name__)


def _title(doc: str) -> str:
    return f"{doc[:1].lower()}{doc[1:].removesuffix('.')}" if not doc[:2].isupper() else doc


def _ours(name: str, names: tuple[str, ...], room: str) -> str:
    return f"examples/{room}/{name}" if name in names else ""


def _call(name: str, arguments: tuple[Setting, ...], first: str = "") -> str:
    """How it is called: what must be given, and what may be in brackets."""
    inside = [a.name + ": …" if a.required else f"[{a.name}: …]" for a in arguments]
    return f"{name}({', '.join([*([first] if first else []), *inside])})"


def _strategy(found: Strategy) -> Page:
    notes = [("cuts", " and ".join(OF[o] for o in found.of)), *_promises(found), ("", NAMED)]
    return Page(
        found.name,
        "partition",
        _title(found.doc),
        "",
        _call(found.name, found.arguments),
        rows(found.arguments),
        tuple(notes),
        place=_ours(found.name, STRATEGIES.names, "partitions"),
    )


def _promises(found: Strategy) -> Iterator[tuple[str, str]]:
    """Coverage, cap and number of pieces for a usual choice of arguments."""
    given = {a.name: SAMPLE.get(a.kind) if a.required else a.default for a in found.arguments}
    needed = [a for a in found.arguments if a.required]
    shown = ", ".join(f"{a.name}: {_shown(a, given[a.name])}" for a in needed)
    size = SIZE if found.of == ("tree",) else replace(SIZE, files=ZERO)
    try:
        yield (
            "coverage",
            f"gives `{found.coverage(given)}`"
            + ("; `cover` where pieces overlap" if "overlap" in given else ""),
        )
        yield (
            "promise",
            (
                f"with {shown}: a piece of at most {found.cap(given, size)} tok, at most "
                f"{found.pieces(given, size)} pieces of x"
            ),
        )
    except Exception:  # a contract of others may look at anything
        return


def _shown(argument: Setting, value: object) -> str:
    return f"{value:,}tok" if argument.kind == "size" else f"{value}"


def _source(found: SourceKind) -> Page:
    extra = (("needs", f"pip install '{found.extra}'"),) if found.extra else ()
    endings = (("opens by itself", ", ".join(f".{s}" for s in found.suffixes)),)
    notes = (("gives", GIVES[found.gives]), *(endings if found.suffixes else ()), *extra)
    place = {"": "", "a path": '"PATH"', "a glob": '"GLOB"', "a query": '"QUERY"', "a URL": '"URL"'}
    return Page(
        found.name,
        "source",
        found.doc,
        "",
        _call(found.name, found.arguments, place.get(found.place, "…")),
        rows(found.arguments),
        notes,
        place=_ours(found.name, SOURCES.names, "sources"),
    )


def _tier(tier: Tier) -> Page:
    needs = (("needs", tier.install),) if tier.install else ()
    notes = (("where", tier.where), ("walls", tier.isolation), ("not in it", tier.missing), *needs)
    return Page(
        tier.name,
        "sandbox",
        tier.what,
        "",
        f"repl {{ sandbox: {tier.name} }}",
        (),
        notes,
        place="examples/repl",
        see=("repl", "--sandbox"),
    )


def _tool(question: Question) -> Page:
    if question.words:
        return Page(
            question.name,
            "tool",
            question.words.partition(";")[0],
            "",
            question.signature.partition("  #")[0],
            notes=(("of", " and ".join(OF[o] for o in question.of)),),
            place="examples/repl",
        )
    takes = tuple(Row(p.name, p.shown.partition(": ")[2]) for p in question.parameters)
    form = f"{question.name}({', '.join(p.shown for p in question.parameters)})"
    kinds = " and ".join(OF[o] for o in question.of)
    return Page(
        question.name,
        "tool",
        f"what a session asks of {kinds}",
        "",
        form,
        takes,
        place="examples/repl",
    )


def _reader(found: ReaderKind) -> Page:
    endings = ", ".join(f".{s}" for s in found.suffixes)
    needs = (("needs", f"pip install '{found.extra}'"),) if found.extra else ()
    names = (("evidence", "names its pages, chapters or cells"),) if found.sectioned else ()
    return Page(
        found.name,
        "reader",
        found.doc,
        "",
        endings,
        (),
        (*names, *needs),
        also=tuple(found.suffixes) + tuple(f".{s}" for s in found.suffixes),
        see=("extract",),
    )
