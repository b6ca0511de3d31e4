"""Which rows were seen: as a set says it, in a small part of its memory."""

from __future__ import annotations

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from rlmlang.stores.row_numbers import RowNumbers

NEAR = st.integers(0, 20_000) | st.integers(-(2**63), 2**63 - 1)


@given(st.lists(NEAR), st.lists(NEAR))
def test_it_holds_what_was_added_and_nothing_else(added: list[int], asked: list[int]) -> None:
    numbers = RowNumbers()
    for row in added:
        numbers.add(row)
    assert all(row in numbers for row in added)
    assert [row in numbers for row in asked] == [row in set(added) for row in asked]


def test_rows_that_lie_together_take_bits() -> None:
    tracemalloc.start()
    try:
        numbers = RowNumbers()
        for row in range(1 << 40, (1 << 40) + 600_000, 3):
            numbers.add(row)
        held = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held < 200_000
