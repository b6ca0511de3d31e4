"""What there is to choose from, as data: partitions and their contracts, sources, functions, units.

The checker, the plan and `rlm explain` read it; the implementations are held to it by tests.
"""
