"""Versions, ranges, and the choice of versions: minimal, of all that is asked for."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.packages.selection import Candidate, Selection, select
from rlmlang.packages.source import Source, source_of
from rlmlang.packages.version import Version, range_of, version_in, version_of

HELD = [
    ("^3.2", "3.2.0 3.2.9 3.10.0", "3.1.9 4.0.0 3.2.0-rc1 4.0.0-rc1"),
    ("^3", "3.0.0 3.9.9", "2.9.9 4.0.0"),
    ("^0.3", "0.3.0 0.3.9", "0.4.0 0.2.9 1.0.0"),
    ("^0", "0.0.1 0.9.0", "1.0.0"),
    ("~3.2", "3.2.0 3.2.9", "3.3.0 3.1.0"),
    ("3.2", "3.2.0 3.2.9", "3.3.0 3.1.0"),
    ("3.2.1", "3.2.1", "3.2.0 3.2.2"),
    (">=1.4,<2", "1.4.0 1.99.0", "1.3.9 2.0.0 2.0.0-rc1"),
    (">1.4", "1.5.0 2.0.0", "1.4.0 1.4.9"),
    ("<=1.4", "1.4.9 1.0.0", "1.5.0"),
    (">=0", "0.0.0 9.9.9", ""),
]


@pytest.mark.parametrize(("text", "inside", "outside"), HELD, ids=lambda x: str(x))
def test_a_range_holds_what_it_says(text: str, inside: str, outside: str) -> None:
    found = range_of(text)
    assert found is not None
    assert [v for v in inside.split() if not found.holds(version(v))] == []
    assert [v for v in outside.split() if found.holds(version(v))] == []


@pytest.mark.parametrize("text", ["", "x", "^", "3.2.1.4", "<1,>2", "^3,^4", ">=1 <2", "03.1"])
def test_what_is_no_range_or_holds_nothing_is_none(text: str) -> None:
    assert range_of(text) is None


@pytest.mark.parametrize("text", ["1", "1.2.3.4", "v1.2", "01.2.0", "1.2-", "1.2.0-rc_1", ""])
def test_what_is_no_version_is_none(text: str) -> None:
    assert version_of(text) is None


def test_a_version_before_a_final_one_is_lower() -> None:
    texts = ["1.0.0-a", "1.0.0-b", "1.0.0", "1.0.1-a", "1.0.1", "1.2.0", "1.10.0"]
    found = [version(t) for t in texts]
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("text", "found"),
    [("v3.2.0", "3.2.0"), ("1.4rc1", "1.4.0-rc1"), ("2.0.post1", "2.0.0"), ("1.2.3.4", "1.2.3")],
)
def test_versions_of_tags_and_distributions_are_read(text: str, found: str) -> None:
    assert str(version_in(text)) == found


SOURCES = [
    Source("path", "../com mon"),
    Source("python", ">=1.4,<2"),
    Source("git", "https://git.acme.eu/a#b", "tag", "v1.0.0/x", "sub dir", "a" * 40),
    Source("git", "git@git.acme.eu:legal.git", "branch", "main"),
]


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_a_source_is_read_as_it_is_written(source: Source) -> None:
    assert source_of(str(source)) == source


def version(text: str) -> Version:
    found = version_of(text)
    assert found is not None, text
    return found


def at(name: str, text: str) -> Candidate:
    """A candidate; its files are what its version says."""
    return Candidate(name, version(text), Source("git", name, "tag", f"v{text}"), text)


Graph = dict[str, list[Candidate]]
"""What each `NAME@VERSION` asks for."""
NAMES = "abcde"
CANDIDATE = st.builds(
    lambda name, major, minor: at(name, f"{major}.{minor}.0"),
    st.sampled_from(NAMES),
    st.integers(0, 2),
    st.integers(0, 3),
)
LAW = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ROOTS = st.lists(CANDIDATE, max_size=5)
GRAPHS = st.dictionaries(CANDIDATE.map(lambda c: c.id), st.lists(CANDIDATE, max_size=2), max_size=8)


def chosen(roots: list[Candidate], graph: Graph) -> Selection:
    return select(roots, lambda c: {w.id: w for w in graph.get(c.id, [])})


@LAW
@given(ROOTS, GRAPHS, st.randoms(use_true_random=False))
def test_the_order_of_what_is_asked_for_does_not_matter(
    roots: list[Candidate], graph: Graph, random
) -> None:
    mixed = {k: random.sample(v, len(v)) for k, v in graph.items()}
    assert chosen(random.sample(roots, len(roots)), mixed) == chosen(roots, graph)


@LAW
@given(ROOTS, GRAPHS)
def test_all_that_is_asked_for_is_satisfied_by_what_somebody_asked_for(
    roots: list[Candidate], graph: Graph
) -> None:
    found = chosen(roots, graph)
    asked = [*roots, *(w for c in found.chosen.values() for w in graph.get(c.id, []))]
    assert [w.id for w in asked if found.of(w).version < w.version] == []
    every = {c.id for c in roots} | {w.id for wanted in graph.values() for w in wanted}
    assert {c.id for c in found.chosen.values()} <= every


@LAW
@given(ROOTS, GRAPHS, CANDIDATE)
def test_to_use_one_more_package_lowers_none(
    roots: list[Candidate], graph: Graph, more: Candidate
) -> None:
    before, after = chosen(roots, graph), chosen([*roots, more], graph)
    assert [
        k
        for k, c in before.chosen.items()
        if k in after.chosen and after.chosen[k].version < c.version
    ] == []
    assert all(after.of(r).version >= before.of(r).version for r in roots)


@LAW
@given(ROOTS, GRAPHS)
def test_what_is_chosen_is_reached(roots: list[Candidate], graph: Graph) -> None:
    found = chosen(roots, graph)
    reached = {found.of(r).id for r in roots}
    for _ in found.chosen:
        asked = [w for id_ in reached for w in graph.get(id_, [])]
        reached |= {found.of(w).id for w in asked}
    assert reached == {c.id for c in found.chosen.values()}


def test_two_majors_stand_side_by_side_and_the_highest_minimum_wins() -> None:
    graph = {"b@1.0.0": [at("a", "1.2.0")], "c@1.0.0": [at("a", "1.3.0"), at("a", "2.0.0")]}
    for roots in permutations([at("b", "1.0.0"), at("c", "1.0.0"), at("a", "1.1.0")]):
        found = chosen(list(roots), graph)
        assert [c.id for c in found.chosen.values()] == ["a@1.3.0", "a@2.0.0", "b@1.0.0", "c@1.0.0"]


def test_one_name_from_two_places_is_refused() -> None:
    other = Candidate("a", version("1.0.1"), Source("git", "elsewhere", "tag", "v1"), "x")
    with pytest.raises(CodedError) as stopped:
        chosen([at("a", "1.0.0"), at("b", "1.0.0")], {"b@1.0.0": [other]})
    assert stopped.value.diagnostic.code == "package-conflict"


def test_one_version_that_was_published_twice_is_refused() -> None:
    other = Candidate(
        "a", version("1.0.0"), Source("git", "a", "tag", "v1", commit="b" * 40), "other"
    )
    with pytest.raises(CodedError) as stopped:
        chosen([at("a", "1.0.0"), other], {})
    assert stopped.value.diagnostic.code == "package-conflict"


def test_a_folder_of_the_project_stands_for_the_package_wherever_it_is_used() -> None:
    own = Candidate("a", version("1.0.0"), Source("path", "../a"), "mine")
    found = chosen([own, at("b", "1.0.0")], {"b@1.0.0": [at("a", "1.9.0")]})
    assert found.of(at("a", "1.9.0")) == own
