"""From a run's record to its typed parts: who began what, by the ids that events name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from rlmlang.ir.calls import CallId
from rlmlang.trajectory.calls import CallRecord, RunRecord, StepRecord
from rlmlang.trajectory.events import CallFailed, CallFinished, CellFinished
from rlmlang.trajectory.parts import Attempt, Call, Cell, Part, Session, Step, Within
from rlmlang.trajectory.usage import cost_of, usage_of


def parts_of(record: RunRecord, run: str, within: Within) -> dict[str, Part]:
    """The parts of a run by their ids; `within` is the trajectory that they are parts of."""
    return {part.id: part for part in _Folding(record, run, within).parts()}


@dataclass
class _Span:
    """When a session began and ended."""

    session: CallId
    step: str
    began: float
    ended: float


@dataclass
class _Folding:
    record: RunRecord
    run: str
    within: Within
    begun: dict[str, str] = field(default_factory=dict)  # ids to those of the cells that began them

    def parts(self) -> Iterator[Part]:
        steps = self.record.steps
        for step in steps.values():
            for call in step.calls.values():
                for id in call.cell.calls if call.cell is not None else ():
                    self.begun[id] = _cell_id(call)
        for node, step in steps.items():
            yield self._step(node, step)
            yield from map(self._session, self._spans(node, step))
            for call in step.calls.values():
                yield self._call(call, node)
                if call.cell is not None:
                    yield self._cell(call, call.cell)

    def _step(self, node: str, step: StepRecord) -> Step:
        return Step(
            id=node,
            parent=self._around(node),
            at=step.began,
            seconds=max(0.0, step.ended - step.began),
            within=self.within,
            name=step.name,
            verb=step.verb,
            items=step.items,
            skipped=step.skipped,
            finished=step.finished or not step.verb,
        )

    def _around(self, node: str) -> str:
        """The nearest step that a node is a part of, else the run."""
        parts: Mapping[str, str] = self.record.started.within if self.record.started else {}
        while (node := parts.get(node, "")) and node not in self.record.steps:
            pass
        return node or self.run

    def _spans(self, node: str, step: StepRecord) -> list[_Span]:
        """The sessions of a step, each before those below it."""
        found: dict[str, _Span] = {}
        for call in step.calls.values():
            ends = [a.at for a in call.attempts] + [c.at for c in (call.cell,) if c is not None]
            above: list[CallId] = []
            while (session := (above[-1] if above else call.id).above) is not None:
                above.append(session)
            for session in reversed(above):
                span = _Span(session, node, call.began, call.began)
                span = found.setdefault(str(session), span)
                span.began = min(span.began, call.began)
                span.ended = max(span.ended, *ends, call.began)
        return list(found.values())

    def _session(self, span: _Span) -> Session:
        return Session(
            id=str(span.session),
            parent=self._above(span.session, span.step),
            at=span.began,
            seconds=span.ended - span.began,
            within=self.within,
            step=span.session.step,
        )

    def _above(self, call: CallId, node: str) -> str:
        """The cell that began it, else its session, else its step."""
        return self.begun.get(str(call)) or str(call.above or "") or node

    def _call(self, call: CallRecord, node: str) -> Call:
        attempts = tuple(self._attempt(call, ended) for ended in call.attempts)
        return Call(
            id=str(call.id),
            parent=self._above(call.id, node),
            at=call.began,
            seconds=sum(a.seconds for a in attempts),
            within=self.within,
            step=call.id.step,
            name=call.prompt,
            attempts=attempts,
            skipped=call.skipped,
            sent=bool(call.sent),
        )

    def _attempt(self, call: CallRecord, ended: CallFinished | CallFailed) -> Attempt:
        taken = isinstance(ended, CallFinished)
        read = call.reads.get(ended.call.attempt) if taken else None
        return Attempt(
            number=ended.call.attempt,
            at=ended.at,
            seconds=ended.seconds,
            model=ended.model,
            usage=usage_of([ended]),
            cost=cost_of([ended]),
            reused=ended.reused,
            code=ended.code if isinstance(ended, CallFailed) else "",
            problem=ended.reason if isinstance(ended, CallFailed) else "",
            ranges=ended.ranges if isinstance(ended, CallFinished) else (),
            repairs=read.repairs if read is not None else (),
            escaped=read.escaped if read is not None else 0,
            event=ended,
            within=self.within,
        )

    def _cell(self, call: CallRecord, cell: CellFinished) -> Cell:
        return Cell(
            id=_cell_id(call),
            parent=str(call.id),
            at=cell.at - cell.seconds,
            seconds=cell.seconds,
            within=self.within,
            step=call.id.step,
            code=cell.code,
            output=cell.output,
            error=cell.error,
            error_kind=cell.kind,
            submitted=cell.submitted,
            value=cell.value,
            tier=cell.tier,
            fresh=cell.fresh,
            ranges=cell.ranges,
        )


def _cell_id(call: CallRecord) -> str:
    return f"{call.id}.cell"
