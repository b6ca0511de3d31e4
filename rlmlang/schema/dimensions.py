"""What a budget may limit: one row a dimension, with how it is read, counted and kept.

The ledger, the plan's verdict, costs that are scored and `--set budget.…` all go over this table. A
new dimension is a row here, a field of `ir.recipe.Budget` and, if calls add up to it, of `Usage`,
and whatever enforces it.
"""

from __future__ import annotations

from rlmlang.schema.setting import MOMENT, Setting
from rlmlang.value import Frozen, value


@value
class Dimension(Frozen):
    """One limit of a budget.

    `parts` are the fields of a usage, or of a plan's cost, that add up to it: what has some is held
    by the ledger, exactly, and may be given to many runs together; a budget may also say what of it
    the calls of one model may take. `usual` is the limit of a recipe
    that declares no budget. `tested` ones may be spoken of in a test. `kept` says how it is
    enforced.
    """

    setting: Setting
    kept: str
    parts: tuple[str, ...] = ()
    usual: float | None = None
    tested: bool = True

    @property
    def name(self) -> str:
        """Its name in a budget."""
        return self.setting.name


def _limit(name: str, kind: str, doc: str, least: float = 0, *, of_model: bool = False) -> Setting:
    return Setting(
        name, kind, doc=doc, least=least, limit=True, of_model=of_model, outside="budget"
    )


IN_ADVANCE = "The worst case of a call is set aside before it is sent."
DIMENSIONS = (
    Dimension(_limit("calls", "count", "requests to models, retries among them",
                     of_model=True), IN_ADVANCE,
              ("calls",), 1_000),
    Dimension(_limit("tokens", "tok", "tokens sent and received", of_model=True), IN_ADVANCE,
              ("tokens_in", "tokens_out")),
    Dimension(_limit("usd", "dollars", "dollars, by the prices that `rlm models` lists",
                     of_model=True),
              IN_ADVANCE, ("usd",), 5.0),
    Dimension(_limit("wall", "duration", "time by the clock, for one `rlm run`", MOMENT),
              "The run is parked when the time is over, and can be resumed.", usual=3600.0,
              tested=False),
    Dimension(_limit("depth", "count", "levels of recursion, and of sessions below sessions"),
              "A call that lies deeper is not made.", usual=4),
    Dimension(_limit("parallel", "count", "calls at a time", 1),
              "A call waits until another is answered.", tested=False),
)  # fmt: skip


def budget_key(limit: str) -> str:
    """How a limit is named behind `--set`, `calls of MODEL` too."""
    return f'"budget.{limit}"' if " " in limit else f"budget.{limit}"


SPENT = tuple(d for d in DIMENSIONS if d.parts)
"""What calls add up to."""
