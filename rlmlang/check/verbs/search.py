"""`search x for "…" by bm25(…)`: the windows that a look-up finds."""

from __future__ import annotations

from rlmlang.check.infer import expect, infer
from rlmlang.check.losses import lose
from rlmlang.check.resolve import search_of
from rlmlang.check.scope import NOTHING, Inferred, Scope
from rlmlang.check.settings import Settings
from rlmlang.check.verbs.items import word_span
from rlmlang.diagnostics.diagnostic import Label, error
from rlmlang.ir.types import TEXT
from rlmlang.syntax import verbs as v
from rlmlang.syntax.texts import as_written
from rlmlang.verbs.search import Search, searchable


def check(scope: Scope, name: str, e: v.Search) -> Inferred:
    """The step of a search."""
    subject, facts = infer(scope, e.subject)
    found = search_of(scope.module, e.how)
    asked = as_written(e.query) if found is not None and found[0].verbatim else e.query
    query, words = expect(scope, asked, TEXT, "the query")
    Settings(scope.module, e.block, "search")
    if found is None:
        return NOTHING
    if not searchable(facts.type):
        have = str(facts.type)
        scope.report(
            error(
                "wrong-type",
                f"{have} cannot be searched",
                Label(e.subject.span, have),
                hint="search text, a tree or a list of texts",
            )
        )
        return NOTHING
    work = Search(subject, query, found[0].name, tuple(sorted(found[1].items())))
    lose(scope, name, word_span(e), "a search finds only some")
    return scope.add(name, work, {subject: facts, query: words}, e)
