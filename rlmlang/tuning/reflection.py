"""The model that proposes better tasks, asked through the same store, limits and ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rlmlang.ir.recipe import Model
from rlmlang.loop_thread import LoopThread
from rlmlang.models.engines.in_flight import InFlight
from rlmlang.models.engines.stack import EngineStack, ProviderLimits
from rlmlang.models.routes import Connection, route_for
from rlmlang.partitions.measure import measure_for
from rlmlang.program.reflection_lm import ReflectionEngine
from rlmlang.runtime.beginning import new_run
from rlmlang.runtime.endpoint import endpoint_of
from rlmlang.runtime.project import bound, load
from rlmlang.runtime.redaction import redactor_for
from rlmlang.runtime.root import root_of
from rlmlang.runtime.stored import store_for
from rlmlang.runtime.trust import require
from rlmlang.stores.runs import FINISHED, PARKED, RunRow
from rlmlang.testing.evals import Way

MODEL = Model("reflection", "", 128_000, 4_000, 1.0)


@contextmanager
def reflecting(name: str, model: str, way: Way, loop: LoopThread) -> Iterator[ReflectionEngine]:
    """The model that reflects; its calls are a run of the tuning's own."""
    options, path = way.options, way.path
    project, redact = load(root_of(path), options.profile), redactor_for(options)
    require(project, options, sends=way.engine is None)
    store = store_for(options, redact)
    row = RunRow(
        0,
        new_run(f"tune-{name}"),
        f"reflection {name}".encode(),
        f"tune {name}",
        path=path,
        data={"within": f"tune {name}"},
    )
    store.begin(row, fresh=options.fresh)
    measure = measure_for(model, project.tokenizers)
    endpoint = endpoint_of(options, project)
    in_flight = InFlight(budget_waiters=way.budget_waiters)
    engines = EngineStack(store, 4, in_flight, max_wait=options.max_wait)
    local = endpoint.address is not None and endpoint.address.local
    filled = bound(MODEL, project, model, local=local)
    connection = Connection(endpoint.address, options.timeout, 4, redact, endpoint.key_env)
    route = route_for(MODEL, filled, measure, connection, engines, ProviderLimits(), way.engine)
    state = PARKED
    try:
        yield ReflectionEngine(route, way.account.child("reflection"), loop)
        state = FINISHED
    finally:
        close = None if way.engine is not None else getattr(route.transport, "close", None)
        if close is not None:
            loop.wait(close())
        store.end(state)
        store.close()
