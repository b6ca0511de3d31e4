"""All of Python, in a process that gave up its machine."""

from __future__ import annotations

from rlmlang.schema.sandboxes import NOTHING_OUTSIDE, Tier

CONTRACT = Tier(
    "cpython",
    "CPython in a process that gave up its machine",
    "Linux on x86-64, and arm64",
    "Landlock, a seccomp allow-list",
    NOTHING_OUTSIDE,
    pool="rlmlang.sandboxes.cpython:Zygote",
    install="use `sandbox: monty` or `wasm`, or say --allow-unsafe where the recipe and its "
    "sources are trusted",
)
