"""Budgets: what is declared, what is used, and the ledger that keeps the two apart.

Every call reserves its worst case before it is sent and settles what it used afterwards, in its
own account and in every account above it. Pure arithmetic: who waits, and how, is decided by the
caller. Used from one thread, but for an account that has a guard: those below it may be used from a
thread each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from fractions import Fraction

from rlmlang.schema.dimensions import SPENT, Dimension

Amount = int | Fraction
PICO = 10**12
"""Dollars are kept as whole millionths of a millionth."""


@dataclass(frozen=True)
class Usage:
    """What calls use: calls, tok in and out, and dollars (exact)."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    usd: Fraction = Fraction(0)

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.calls + other.calls,
            self.tokens_in + other.tokens_in,
            self.tokens_out + other.tokens_out,
            self.usd + other.usd if other.usd else self.usd,
        )

    def __sub__(self, other: Usage) -> Usage:
        return Usage(
            self.calls - other.calls,
            self.tokens_in - other.tokens_in,
            self.tokens_out - other.tokens_out,
            self.usd - other.usd if other.usd else self.usd,
        )

    @property
    def tokens(self) -> int:
        """Both directions together."""
        return self.tokens_in + self.tokens_out

    @property
    def pico(self) -> int:
        """Its dollars as they are kept, rounded up."""
        return -int(-self.usd * PICO // 1) if self.usd else 0

    def of(self, dimension: Dimension) -> Amount:
        """What it takes of one dimension of a budget."""
        total: Amount = 0
        for part in dimension.parts:
            total += getattr(self, part)
        return total


@dataclass(frozen=True)
class Limits:
    """The most an account may use; None means no limit of its own."""

    calls: int | None = None
    tokens: int | None = None
    usd: Fraction | None = None

    @classmethod
    def declared(
        cls, calls: int | None = None, tokens: int | None = None, usd: float | None = None
    ) -> Limits:
        """Limits as a budget writes them: dollars become exact."""
        return cls(calls, tokens, None if usd is None else Fraction(str(usd)))

    def of(self, dimension: Dimension) -> Amount | None:
        """The limit of one dimension, if it has one."""
        found: Amount | None = getattr(self, dimension.name)
        return found

    def exceeded_by(self, usage: Usage) -> str:
        """The first limit that such a usage would pass, or an empty string."""
        for dimension in SPENT:
            most = self.of(dimension)
            if most is not None and usage.of(dimension) > most:
                return dimension.name
        return ""


NONE = Limits()
Guard = AbstractContextManager[object]
UNGUARDED: Guard = nullcontext()


def limits_of_models(limits: Iterable[tuple[str, str, float]]) -> dict[str, Limits]:
    """Limits by model, of rows of a dimension, a model and an amount."""
    found: dict[str, dict[str, float]] = {}
    for dimension, model, most in limits:
        found.setdefault(model, {})[dimension] = most
    make: Callable[..., Limits] = Limits.declared
    return {model: make(**those) for model, those in found.items()}


@dataclass(frozen=True)
class Refusal:
    """A reservation that does not fit. `waiting` says whether calls in flight may still give
    something back; when none can, the limit is reached for good. `model` is the one whose calls are
    limited, empty where all are; `raised` says how the limit is raised, where it is not that of a
    recipe's budget."""

    account: str
    limit: str
    used: Usage
    most: Limits
    waiting: bool
    model: str = ""
    raised: str = ""


@dataclass(eq=False)
class Account:
    """A node of the ledger: what was spent, what is reserved, and the account above. `models` are
    accounts of what calls of single models may take of it, by the names of those. The topmost's
    `guard` is held while one is changed; `raised` says how its limits are raised, where no recipe
    declares them."""

    name: str
    limits: Limits = Limits()
    parent: Account | None = None
    spent: Usage = Usage()
    reserved: Usage = Usage()
    children: dict[str, Account] = field(default_factory=dict)
    models: Mapping[str, Account] = field(default_factory=dict)
    model: str = ""
    guard: Guard = UNGUARDED
    raised: str = ""

    @classmethod
    def limited(
        cls, name: str, limits: Limits, of_models: Mapping[str, Limits], above: Account | None
    ) -> Account:
        """An account with limits of single models."""
        models = {m: cls(name, most, model=m) for m, most in of_models.items()}
        return cls(name, limits, above, models=models)

    def child(self, name: str, limits: Limits = Limits()) -> Account:
        """The account of that name below this one, made when it is first asked for."""
        if name not in self.children:
            self.children[name] = Account(name, limits, self)
        return self.children[name]

    def reserve(self, worst: Usage, model: str = "") -> Reservation | Refusal:
        """Sets aside the worst case of a call of a model, here and in every account above, or in
        none."""
        line, guard = self.line(model), self.top.guard
        with guard:
            return _refused(line, worst) or _reserved(line, worst, guard)

    def reopen(self, worst: Usage, model: str = "") -> Reservation:
        """Sets aside again what was booked as spent for a call whose outcome is still to come."""
        line, guard = self.line(model), self.top.guard
        with guard:
            for account in line:
                if not account.shared:  # which counts what is spent now alone
                    account.spent -= worst
            return _reserved(line, worst, guard)

    @property
    def shared(self) -> bool:
        """Whether runs of a program spend from it together, each what it spends now."""
        return self.guard is not UNGUARDED

    @property
    def top(self) -> Account:
        """The account above all others."""
        return self if self.parent is None else self.parent.top

    def share(self, count: int) -> Limits:
        """An equal part, of so many, of what this account may still use; no limit where
        it has none. Rounded down, so that the parts are never more than the whole."""
        held, parts = self.spent + self.reserved, dict[str, Amount]()
        for dimension in SPENT:
            most = self.limits.of(dimension)
            if most is not None:
                left = max(most - held.of(dimension), most - most)
                parts[dimension.name] = left // count if isinstance(left, int) else left / count
        make: Callable[..., Limits] = Limits
        return make(**parts)

    def line(self, model: str = "") -> list[Account]:
        """This account and those above it, with those of a model."""
        line, account = [], self
        while True:
            line.append(account)
            if model in account.models:
                line.append(account.models[model])
            if account.parent is None:
                return line
            account = account.parent


def _refused(line: Sequence[Account], worst: Usage) -> Refusal | None:
    """What the first account says that has no room for a worst case."""
    for account in line:
        if account.limits == NONE:
            continue
        limit = account.limits.exceeded_by(account.spent + account.reserved + worst)
        if limit:
            held = account.reserved
            waiting = held.tokens > 0 or held.calls > 0
            alone = account.limits.exceeded_by(account.spent + worst)
            return Refusal(
                account.name,
                limit,
                account.spent,
                account.limits,
                waiting and not alone,
                account.model,
                account.raised,
            )
    return None


def _reserved(line: Sequence[Account], worst: Usage, guard: Guard) -> Reservation:
    for account in line:
        account.reserved += worst
    return Reservation(line, worst, guard)


@dataclass
class Reservation:
    """What was set aside for one call. Settled or released once."""

    accounts: Sequence[Account]
    worst: Usage
    guard: Guard = UNGUARDED
    open: bool = True

    def settle(self, actual: Usage) -> None:
        """Books what the call used and gives the rest back."""
        self._close(actual)

    def release(self) -> None:
        """Gives all of it back: nothing was sent."""
        self._close(Usage())

    def _close(self, actual: Usage) -> None:
        assert self.open, "a reservation is closed once"
        self.open = False
        with self.guard:
            for account in self.accounts:
                account.reserved -= self.worst
                account.spent += actual
