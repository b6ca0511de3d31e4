"""What is taken out of what a run leaves behind and says: secrets of the environment, and those it
was given itself."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from rlmlang.diagnostics.diagnostic import CodedError, Label
from rlmlang.diagnostics.source import Place
from rlmlang.runtime.prepared import Options
from rlmlang.stores.redact import Redactor


def redactor_for(options: Options) -> Redactor:
    """The redactor of a run. An input whose name speaks of secrets is one, where it is a single
    word: `--set token=…`, and not a question about tokens."""
    given = {**options.values, **options.sets}
    words = {k: v for k, v in given.items() if isinstance(v, str)}
    single = {k: v for k, v in words.items() if not any(c.isspace() for c in v)}
    return Redactor(os.environ, single)


def told(problem: CodedError, redact: Callable[[str], str]) -> CodedError:
    """A problem as it may be told: it may quote an answer, or a line of the recipe."""
    found = problem.diagnostic
    problem.diagnostic = replace(
        found,
        message=redact(found.message),
        reason=redact(found.reason),
        hint=redact(found.hint),
        labels=tuple(Label(_shown(x.place, redact), redact(x.words)) for x in found.labels),
    )
    problem.args = (problem.diagnostic,)
    return problem


def _shown(place: Place, redact: Callable[[str], str]) -> Place:
    """A place as it may be shown. Where a secret is left out, what stood behind it has moved: the
    whole line is pointed at."""
    text = redact(place.text)
    if text == place.text:
        return place
    column = len(text) - len(text.lstrip()) + 1
    return replace(place, text=text, column=column, end_line=place.line, end_column=len(text) + 1)
