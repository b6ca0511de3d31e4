"""Processes of sandboxes that the tests of this folder share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandboxes import sessions


@pytest.fixture(scope="session", autouse=True)
def _processes() -> Iterator[None]:
    yield
    sessions.end()
