"""Times on the command line: how long ago, or a day."""

from __future__ import annotations

import re
import time
from datetime import datetime

import click

SECONDS = {"min": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class Age(click.ParamType[float]):
    """How long ago something was, in seconds."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The seconds of `12h`, `30d`. Fails with words for anything else."""
        found = age_of(str(value))
        if found is None:
            self.fail(f"{value} is no time: such as 90min, 12h, 30d or 8w", param, ctx)
        return found


class Since(click.ParamType[float]):
    """A moment, in seconds since 1970: so long ago, or at the beginning of a day."""

    name = "moment"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The moment of `7d`, `2026-11-01`, `2026-11-01T14:00`, here where no zone is given."""
        if isinstance(value, float):
            return value
        age = age_of(str(value))
        if age is not None:
            return time.time() - age
        try:
            return datetime.fromisoformat(str(value)).timestamp()
        except (ValueError, OverflowError, OSError):
            self.fail(f"{value} is no moment: such as 7d, 12h or 2026-11-01", param, ctx)


def age_of(text: str) -> float | None:
    """The seconds of a time such as `30d`; None for what is none."""
    found = re.fullmatch(r"([0-9]{1,6}(?:\.[0-9]+)?)(min|h|d|w)", text)
    return float(found[1]) * SECONDS[found[2]] if found else None
