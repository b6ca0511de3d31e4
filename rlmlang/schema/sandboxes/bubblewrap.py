"""The same interpreter, behind namespaces of Linux."""

from __future__ import annotations

from rlmlang.schema.sandboxes import SUBSET, Tier

CONTRACT = Tier(
    "bubblewrap",
    "the same, behind one more wall",
    "Linux with `bwrap` and user namespaces",
    "and namespaces without network, files, processes or capabilities",
    SUBSET,
    pool="rlmlang.sandboxes.bubblewrap:WrappedWorkers",
    whole=False,
    install="install the package bubblewrap, or use `sandbox: monty`",
)
