"""An interpreter of a Python subset, in worker processes: what is used where nothing is said."""

from __future__ import annotations

from rlmlang.schema.sandboxes import SUBSET, Tier

CONTRACT = Tier(
    "monty",
    "an interpreter of a Python subset, in worker processes",
    "Linux, macOS, Windows",
    "no files, network, clock or environment in the language; memory and time limits",
    SUBSET,
    pool="rlmlang.sandboxes.monty:Workers",
    whole=False,
    install="pip install pydantic-monty",
)
