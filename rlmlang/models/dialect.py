"""How one endpoint wants to be asked for one model: known from the tables of models, or learned
from a refusal that names a field, once each and said once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from dspy import lm15
from dspy.lm15 import ImagePart, Message, Request, TextPart

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir.models import Takes
from rlmlang.models.refusals import too_long
from rlmlang.value import Json

LIMITS = ("max_tokens", "max_completion_tokens")
OPENAI_PREFIX = "openai/"
SCHEMA = re.compile(
    r"response_?format|json_?schema|structured.?output|guided|grammar|output_(config|format)|"
    r"response_?(json_?)?schema",
    re.IGNORECASE,
)
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
    (and `top_p`) and a schema are sent, and which of the endpoint's paths is asked."""

    name: str
    limit: str = "max_tokens"
    temperature: bool = True
    path: int = 0
    schema: bool = True

    def body(self, request: Request) -> dict[str, Json]:
        """The JSON of a chat request."""
        system = request.system
        words = system if isinstance(system, str) else "".join(p.text for p in system or ())
        messages: list[Json] = [{"role": "system", "content": words}] if words else []
        messages += [{"role": m.role, "content": _content(m)} for m in request.messages]
        made: dict[str, Json] = {"model": self.name, "messages": messages}
        if request.config.max_tokens is not None:
            made[self.limit] = request.config.max_tokens
        if request.config.temperature is not None and self.temperature:
            made["temperature"] = request.config.temperature
        if request.config.top_p is not None and self.temperature:
            made["top_p"] = request.config.top_p
        if request.config.seed is not None:
            made["seed"] = request.config.seed
        if request.config.service_tier is not None:
            made["service_tier"] = request.config.service_tier
        if request.config.response_format is not None and self.schema:
            made["response_format"] = _response_format(request.config.response_format)
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
        if self.schema and SCHEMA.search(said):
            return replace(self, schema=False)
        other = LIMITS[1 - LIMITS.index(self.limit)]
        named = re.search(rf"\b{self.limit}\b", said) is not None
        return replace(self, limit=other) if named and UNKNOWN.search(said) else self

    def changed(self, before: Dialect) -> dict[str, str]:
        """What of `takes` was learned since an earlier form, as it would be written."""
        found = {}
        if self.limit != before.limit:
            found["limit_field"] = self.limit
        if self.temperature != before.temperature:
            found["temperature"] = "false"
        if self.schema != before.schema:
            found["structured"] = "none"
        return found


def _content(message: Message) -> Json:
    """What a message says: a text, or the parts of one that shows images."""
    text = message.text
    if text is not None:
        return str(text)
    made: list[Json] = []
    for part in message.parts:
        if isinstance(part, TextPart):
            made.append({"type": "text", "text": part.text})
        elif isinstance(part, ImagePart):
            url = f"data:{part.media_type};base64,{part.data}"
            made.append({"type": "image_url", "image_url": {"url": url}})
    return made


def _response_format(said: Mapping[str, Json]) -> Json:
    """A schema as chat completions have it; `said` is lm15's form."""
    inner = {k: v for k, v in said.items() if k != "type"}
    return {"type": "json_schema", "json_schema": inner}


def dialect_of(model: str, takes: Takes) -> Dialect:
    """The form that is tried first for a model."""
    return Dialect(model.removeprefix(OPENAI_PREFIX), takes.limit_field, takes.temperature)


Key = tuple[str, str]
"""An endpoint and a model."""


@dataclass
class Dialects:
    """The forms that a run has tried, by endpoint and model, the one in use last. `say` is told
    what was learned."""

    tried: dict[Key, list[Dialect]] = field(default_factory=dict)
    say: Callable[[CodedError], None] = lambda problem: None

    def first(self, key: Key, dialect: Dialect) -> Dialect:
        """The form in use, which is `dialect` where none is known."""
        return self.tried.setdefault(key, [dialect])[-1]

    def refused(self, key: Key, sent: Dialect, after: Dialect) -> bool:
        """Whether another form is in use than the one that was sent; `after` is the next to try,
        which is tried once."""
        tried = self.tried[key]
        if after not in tried:
            learned = after.changed(tried[-1])
            tried.append(after)
            if learned:
                self.say(_learned(*key, learned))
        return tried[-1] != sent


def _learned(endpoint: str, model: str, found: Mapping[str, str]) -> CodedError:
    """What a refusal said about a model."""
    words = ", ".join(f"{k} = {v}" for k, v in found.items())
    toml = ", ".join(f'{k} = "{v}"' if v != "false" else f"{k} = {v}" for k, v in found.items())
    return failed(
        "request-form-learned",
        f"{model} at {endpoint.partition('?')[0]} was refused as it is asked usually; {words} from "
        "now on",
        reason="A refusal that names a field of the request is learned from, once in a run.",
        hint=f'in rlm.toml, so that it is known before: [takes] "{model}" = {{ {toml} }}',
    )
