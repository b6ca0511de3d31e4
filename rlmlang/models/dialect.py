"""How one endpoint wants to be asked for one model: known from the table of models, or learned from
a refusal that names a field, once each."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from dspy import lm15
from dspy.lm15 import Request

from rlmlang.models.capabilities import capabilities
from rlmlang.models.refusals import too_long
from rlmlang.value import Json

LIMITS = ("max_tokens", "max_completion_tokens")
OPENAI_PREFIX = "openai/"
UNKNOWN = re.compile(
    r"unsupported|not[ _]supported|does not support|unknown|unrecogni[sz]ed|unexpected|extra|"
    r"not (permitted|allowed|accepted|valid)|no such|takes no|deprecated|instead|invalid (field|"
    r"parameter|argument)|no longer",
    re.IGNORECASE,
)
NO_MODEL = re.compile(
    r"model\b.*\b(not (exist|found)|unknown)|(unknown|no such) model", re.IGNORECASE | re.DOTALL
)


class Adapted(lm15.InvalidRequestError):  # type: ignore[misc]
    """A request was refused for its form; the same one goes out in another form next time."""


@dataclass(frozen=True)
class Dialect:
    """One form of a chat request: the model's name, what the limit is called, whether a temperature
    is sent, and which of the endpoint's paths is asked."""

    name: str
    limit: str = "max_tokens"
    temperature: bool = True
    path: int = 0

    def body(self, request: Request) -> dict[str, Json]:
        """The JSON of a chat request."""
        system = request.system
        words = system if isinstance(system, str) else "".join(p.text for p in system or ())
        messages = [{"role": "system", "content": words}] if words else []
        messages += [{"role": m.role, "content": m.text or ""} for m in request.messages]
        made: dict[str, Json] = {"model": self.name, "messages": messages}
        if request.config.max_tokens is not None:
            made[self.limit] = request.config.max_tokens
        if request.config.temperature is not None and self.temperature:
            made["temperature"] = request.config.temperature
        return made

    def after(self, status: int, said: str, model: str, paths: int) -> Dialect:
        """The form to try after a refusal; the same where it is not the form that was refused."""
        if status in (404, 405) and "model" not in said.lower() and self.path + 1 < paths:
            return replace(self, path=self.path + 1)
        if status in (400, 404) and self.name != model and NO_MODEL.search(said):
            return replace(self, name=model)
        if status not in (400, 422) or too_long(said):
            return self
        if self.temperature and re.search(r"\btemperature\b", said):
            return replace(self, temperature=False)
        other = LIMITS[1 - LIMITS.index(self.limit)]
        named = re.search(rf"\b{self.limit}\b", said) is not None
        return replace(self, limit=other) if named and UNKNOWN.search(said) else self


def dialect_of(model: str) -> Dialect:
    """The form that is tried first for a model."""
    found = capabilities(model)
    return Dialect(model.removeprefix(OPENAI_PREFIX), found.limit_field, found.temperature)
