"""What the groups of a regular expression hold. Groups with names, in a pattern that is written in
the recipe, make a record, whose fields are known when the recipe is checked; others a list."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rlmlang.functions.function import Function, Names
from rlmlang.functions.text import searched
from rlmlang.ir.recipe import Facts
from rlmlang.ir.sizes import ESCAPED, field_overhead, made_of
from rlmlang.ir.types import TEXT, Field, RecordType, list_of, record
from rlmlang.schema.formula import ONE, number

if TYPE_CHECKING:
    from regex import Match

    from rlmlang.context import Datum

NAMED = re.compile(r"\(\?P?<[^\W\d]")


def _groups(pattern: str) -> Mapping[str, object]:
    """The names of a pattern's groups, in their order; of what is none, nothing."""
    if NAMED.search(pattern) is None:
        return {}
    import regex

    try:
        places = regex.compile(pattern).groupindex
    except regex.error:
        return {}
    return {"groups": tuple(sorted(places, key=lambda name: places[name]))} if places else {}


def _captured(match: Match[str] | None, groups: Names) -> Datum:
    if groups:
        found = {} if match is None else match.groupdict()
        return {name: found.get(name) for name in groups}
    return [] if match is None else [group or "" for group in match.groups()]


def _captures(text: Datum, pattern: Datum, groups: Names = ()) -> Datum:
    return _captured(next(iter(searched(text, pattern, 1)), None), groups)


def _capture_all(text: Datum, pattern: Datum, groups: Names = ()) -> list[Datum]:
    return [_captured(match, groups) for match in searched(text, pattern)]


def _record(groups: Names) -> RecordType:
    return record(*(Field(name, TEXT.maybe()) for name in groups))


def _captured_facts(text: Facts, pattern: Facts, groups: Names = ()) -> Facts:
    """A group takes two bytes of the pattern; groups may hold the same text."""
    item = text.size + 1
    if groups:
        made = _record(groups)
        size = item * (ESCAPED * len(groups)) + field_overhead(made)
        return made_of(Facts(made, size, ONE, size), [text, pattern])
    count = pattern.size + 1
    return made_of(Facts(list_of(TEXT), count * item, count, item), [text, pattern])


def _all_facts(text: Facts, pattern: Facts, groups: Names = ()) -> Facts:
    """No more matches than bytes, and one at the end."""
    one, count = _captured_facts(text, pattern, groups), text.size * 2 + 1
    inner = number(1) if groups else one.count
    return made_of(
        Facts(list_of(one.type), one.size * count, count, one.size, inner), [text, pattern]
    )


CAPTURES = (
    Function("captures", "What the groups of a regular expression hold where it is first found: a "
             "list of texts, of groups with names `(?P<user>…)` a record, whose fields are none "
             "where nothing is found.", ("text", "pattern"), _captured_facts, _captures,
             reads_pattern=_groups,
             example=(r'captures("ann from ::1", r"(?P<user>\w+) from (?P<ip>\S+)")',
                      '{"user": "ann", "ip": "::1"}')),
    Function("capture_all", "What the groups of a regular expression hold wherever it is found: as "
             "`captures`, an item for each match.", ("text", "pattern"), _all_facts, _capture_all,
             reads_pattern=_groups,
             example=(r'capture_all("a=1 b=2", r"(?P<key>\w)=(?P<value>\d)")',
                      '[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}]')),
)  # fmt: skip
