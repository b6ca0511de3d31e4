"""The arithmetic of leases: whoever asks, however often, all together never hold more than there is."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from rlmlang.budget import Limits, Usage
from rlmlang.leases import NO_LIMIT, Amounts, Lease, left, portion, share, total

amounts = st.builds(Amounts, *[st.integers(0, 10_000)] * 3)
limits = st.builds(Amounts, *[st.integers(0, 100_000) | st.just(NO_LIMIT)] * 3)
leases = st.lists(st.builds(Lease, amounts, amounts, st.booleans(), st.booleans()), max_size=6)


@given(limits=limits, held=leases, needs=st.lists(amounts, max_size=8), workers=st.integers(1, 9))
def test_portions_are_within_what_is_left(
    limits: Amounts, held: list[Lease], needs: list[Amounts], workers: int
) -> None:
    given_out = list(held)
    for least in needs:
        free = left(limits, given_out)
        found = portion(free, least, workers)
        assert (found is None) == (not least.within(free))
        if found is not None:
            assert least.within(found) and found.within(free)
            given_out.append(Lease(Amounts(*(min(x, NO_LIMIT // 64) for x in found))))
    before, after = total(x.held for x in held), total(x.held for x in given_out)
    for most, was, now in zip(limits, before, after, strict=True):
        assert now <= max(most, was)


@given(usage=st.builds(Usage, *[st.integers(0, 10**6)] * 3, st.fractions(0, 100)))
def test_a_usage_is_never_rounded_down(usage: Usage) -> None:
    kept = Amounts.used(usage)
    assert (kept.calls, kept.tokens) == (usage.calls, usage.tokens)
    assert 0 <= kept.usage.usd - usage.usd < Fraction(1, 10**12)


@given(most=st.none() | st.integers(0, 10**6), usd=st.none() | st.fractions(0, 1000))
def test_limits_are_never_rounded_up(most: int | None, usd: Fraction | None) -> None:
    kept = Amounts.most(Limits(most, most, usd)).limits
    assert (kept.calls, kept.tokens) == (most, most)
    assert (kept.usd is None) == (usd is None)
    assert usd is None or 0 <= usd - (kept.usd or 0) < Fraction(1, 10**12)


@given(st.lists(st.booleans(), min_size=1, max_size=40), st.integers(1, 6))
def test_parts_of_a_limit_are_never_more_than_all_of_it(turns: list[bool], workers: int) -> None:
    parts = [0.0] * workers
    for turn, works in enumerate(turns * 3):
        who = turn % workers
        at_work = sum(p > 0 for n, p in enumerate(parts) if n != who) + 1
        parts[who] = share(sum(parts) - parts[who], at_work) if works else 0.0
        assert sum(parts) <= 1 + 1e-9
