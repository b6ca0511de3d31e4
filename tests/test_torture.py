"""The short scenes of `python -m tests.torture`: kills, faults, full disks, broken files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.torture.scenes import SHORT


@pytest.mark.parametrize(("name", "scene"), SHORT, ids=[name for name, _ in SHORT])
def test_promises_are_kept(name: str, scene: Callable[[], dict[str, Any]]) -> None:
    if "skipped" in (found := scene()):
        pytest.skip(found["skipped"])
