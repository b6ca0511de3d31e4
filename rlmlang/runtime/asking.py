"""The models that a recipe asks: engines in a stack, a route to each, predictors in front."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.ir.binding import BoundModel
from rlmlang.ir.predictors import prompts_of
from rlmlang.models.engines.budget_waiters import BudgetWaiters
from rlmlang.models.engines.call_context import Engine
from rlmlang.models.engines.in_flight import InFlight
from rlmlang.models.engines.providers import Providers
from rlmlang.models.engines.stack import EngineStack, ProviderLimits
from rlmlang.models.provider_batches.clock import Pace
from rlmlang.models.routes import Connection, Route, route_for
from rlmlang.program.caller import PredictorCaller
from rlmlang.program.predictor import Traced
from rlmlang.program.program import Program, RecipeProgram
from rlmlang.protocols import BatchKeeper, Keeper, Question, Reply, Sending
from rlmlang.runtime.endpoint import endpoint_of
from rlmlang.runtime.models import Models
from rlmlang.runtime.prepared import Options, Prepared
from rlmlang.runtime.project import models_of
from rlmlang.runtime.shared_budget import waiters_of


class AskedModels(Models):
    """The models of one run, which shares `providers` with others that go on at one time. `engine`
    takes the place of their transports, `program` of the recipe's own predictors; `trace` takes
    every call, for optimizers."""

    def __init__(
        self,
        ready: Prepared,
        keeper: Keeper,
        redact: Callable[[str], str],
        *,
        parallel: int,
        notice: Callable[[CodedError], None],
        on_pause: Callable[[str, float, str], None],
        providers: Providers | None,
        engine: Engine | None,
        program: Program | None,
        trace: list[Traced] | None,
        budget_waiters: BudgetWaiters | None,
        batches: BatchKeeper,
    ) -> None:
        self._ready, self._redact, self._engine = ready, redact, engine
        waiters = budget_waiters or waiters_of(ready.options.within)
        self._in_flight = InFlight(budget_waiters=waiters, notice=notice)
        self._own = providers is None
        self._providers = providers or Providers(notice, on_pause)
        self.engines = EngineStack(
            keeper,
            parallel,
            self._in_flight,
            max_wait=ready.options.max_wait,
            timeout=ready.options.timeout,
            providers=self._providers,
            closed=ready.options.only_kept,
            batches=batches,
        )
        self._routes: dict[str, Route] = {}
        program = program or RecipeProgram(prompts_of(ready.plan))
        self._caller = PredictorCaller(program, self._routes, trace, seen=ready.options.seen)

    @property
    def problem(self) -> CodedError | None:
        """Why nothing more is sent."""
        return self._in_flight.problem

    @property
    def missed(self) -> Sequence[Sending]:
        """Requests that had no kept answer where only those may be used."""
        return self.engines.no_send.missed

    @property
    def sent(self) -> int:
        """How many requests are on their way."""
        return self._in_flight.sent

    @property
    def in_batches(self) -> int:
        """How many wait in batches of their provider's."""
        return self._in_flight.in_batches

    @property
    def unanswered(self) -> int:
        """How many requests were sent and brought no answer."""
        return self._in_flight.unanswered

    def open(self) -> None:
        """A route for each model. Raises CodedError."""
        ready, options = self._ready, self._ready.options
        endpoint = endpoint_of(options, ready.project)
        connection = Connection(
            endpoint.address,
            options.timeout,
            self.engines.parallel,
            self._redact,
            endpoint.key_env,
            options.seen,
            self._providers.dialects,
            Pace(*ready.project.batch_pace),
        )
        for model in models_of(ready.plan):
            bound = ready.binding.models[model.name]
            limits = ProviderLimits(*ready.project.paces.get(bound.name, (None, None, None)))
            self._routes[model.name] = route_for(
                model,
                bound,
                ready.measures[model.name],
                connection,
                self.engines,
                limits,
                self._engine or _engine_of(bound, options),
            )

    async def ask(self, question: Question) -> Reply:
        """The answer of the question's predictor."""
        return await self._caller.ask(question)

    def stop(self, problem: CodedError) -> None:
        """Sends nothing new; what waits to be sent gets the problem."""
        self._in_flight.stop(problem)

    async def drain(self, seconds: float) -> None:
        """Lets what is on its way finish, so long at most."""
        await self._in_flight.drain(seconds)

    async def close(self) -> None:
        """Closes the connections, unless they are those of other runs too."""
        if self._own:
            await self._providers.close()


def _engine_of(bound: BoundModel, options: Options) -> Engine | None:
    """What the caller lets answer for a model, if anything: an engine for it, or the one for all
    where it is that one's model that fills it."""
    engine = options.engines.get(bound.model) or options.engines.get("")
    return engine if getattr(engine, "model", bound.name) == bound.name else None
