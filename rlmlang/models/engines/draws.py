"""Which draw of the same request a call is, where a model is asked at a temperature.

Equal requests of a step are then asked as often as they stand there, as votes are. The second has
another key than the first, whatever stands between, so that kept answers survive a changed list.
"""

from __future__ import annotations

from collections import Counter

from rlmlang.ir.calls import PATH, CallId

STEP = "."  # the place of a session that a step is by itself


class Draws:
    """The draws of a run, numbered in the order in which calls are begun: that of the items."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str, bytes]] = Counter()
        self._calls: dict[tuple[str, str], str] = {}
        self._sessions: dict[tuple[str, str], str] = {}

    def of(self, call: CallId, request: bytes) -> str:
        """The draw of a call whose request has that key by itself; empty for the first. Its later
        attempts are of the same draw."""
        known = self._calls.get((call.step, call.place))
        if known is None:
            inside = self._session(call.step, _session_of(call.place), request)
            known = self._next(call.step, inside, request, _session_of(call.place))
            self._calls[call.step, call.place] = known
        return known

    def _session(self, step: str, place: str, request: bytes) -> str:
        """The draw of a session, by its first request among those of the sessions beside it."""
        if not place:
            return ""
        if (step, place) not in self._sessions:
            above = self._session(step, _session_of(place), request)
            level = f"session {place.count('.')}"
            self._sessions[step, place] = self._next(step, above, request, level)
        return self._sessions[step, place]

    def _next(self, step: str, above: str, request: bytes, scope: str) -> str:
        count = self._counts[step, f"{scope} {above}", request]
        self._counts[step, f"{scope} {above}", request] += 1
        return f"{above}.{count}" if above or count else ""


def _session_of(place: str) -> str:
    """The place of the session that makes a call; empty for a call that no session makes."""
    if place == STEP:
        return ""
    match = PATH.match(place)
    item = match.end() if match else 0
    above, dot, _ = place[item:].rpartition(".")
    return place[:item] + (above or ("" if item else STEP)) if dot else ""
