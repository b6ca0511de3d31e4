"""Why a run stops before its end: its time is over, somebody asked it to."""

from __future__ import annotations

import asyncio
import time

from rlmlang.diagnostics.diagnostic import CodedError, failed


def out_of_time(wall: float | None) -> CodedError:
    """The problem of a run that took longer than `wall` seconds."""
    return failed(
        "budget-spent",
        "the time that the budget allows is over",
        reason=f"`wall` is {wall:g} s.",
        hint="run again to go on; raise it with --set budget.wall=…, or raise `parallel`",
    )


def wanted(started: float, wall: float | None, stopped: CodedError | None) -> None:
    """Raises CodedError when a run that began at a time of `monotonic` has no more use for what it
    waits for."""
    if stopped is not None:
        raise stopped
    if wall is not None and time.monotonic() - started > wall:
        raise out_of_time(wall)


def cancellations() -> int:
    """How often the running task was asked to end, whoever may have heard it."""
    task = asyncio.current_task()
    return task.cancelling() if task is not None else 0


def stopping(sent: int, most: float, away: int = 0) -> str:
    """What is said when somebody asks a run to stop: how many calls are on their way, and how many
    seconds they may take; how many are `away` in batches, which are not waited for."""
    if away and not sent:
        calls = "1 call waits" if away == 1 else f"{away:,} calls wait"
        return f"stopping: {calls} in batches, which go on; the same command takes the answers"
    if not sent:
        return "stopping: no call is on its way"
    calls = "1 call" if sent == 1 else f"{sent:,} calls"
    return (
        f"stopping: {calls} on the way may finish, within {most:,.0f} s at most; "
        "Ctrl-C again leaves at once"
    )


def interrupted() -> CodedError:
    """The problem of what was stopped by Ctrl-C: the same command resumes it."""
    return failed(
        "interrupted",
        "stopped on request",
        hint="run the same command again: it is resumed from here",
    )
