"""Models that follow rules, as `dspy.LM`s: what an optimizer may find is known beforehand."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import dspy
from dspy.lm15 import Message, Request, Response, Usage

Rule = Callable[[str, list[str]], str]
"""From the instructions and the messages of a request, the words of its answer."""


class RuleEngine:
    """Answers by a rule, in the form that the request asks for, and counts what it was asked."""

    def __init__(self, rule: Rule) -> None:
        self.rule, self.asked = rule, list[Request]()

    def complete(self, request: Request) -> Response:
        """The answer by the rule."""
        self.asked.append(request)
        system = request.system
        said = system if isinstance(system, str) else "".join(p.text for p in system or ())
        messages = [m.text or "" for m in request.messages]
        size = len(said) + sum(map(len, messages))
        return Response(
            id=None,
            model=request.model,
            message=Message.assistant(framed(self.rule(said, messages), messages[-1])),
            finish_reason="stop",
            usage=Usage(input_tokens=size // 4, output_tokens=3),
        )


class AsyncRuleEngine:
    """The same for a running loop."""

    def __init__(self, engine: RuleEngine) -> None:
        self.engine = engine

    async def complete(self, request: Request) -> Response:
        """The answer by the rule."""
        return self.engine.complete(request)


def saying(fields: Mapping[str, str], alone: str = "") -> Rule:
    """The rule of a model that reflects: fields by name, those that the request asks for; `alone`
    where it asks for none."""

    def rule(system: str, messages: list[str]) -> str:
        last = messages[-1].rpartition("Respond")[2]
        if "JSON object" in last:
            return json.dumps({n: fields.get(n, "x") for n in re.findall(r"`(\w+)`", last)})
        wanted = re.findall(r"`\[\[ ## (\w+) ## \]\]`", last)
        said = [f"[[ ## {name} ## ]]\n{fields.get(name, 'x')}" for name in wanted]
        return "\n\n".join(said) or alone

    return rule


def framed(answer: str, last: str) -> str:
    """An answer as the request wants it: JSON, below a header, or alone."""
    if answer.startswith(("[[ ## ", "{")) or "[[ ## result" not in last and "JSON" not in last:
        return answer
    if "JSON object" in last:
        return json.dumps({"result": answer})
    return (
        f"[[ ## result ## ]]\n{answer}\n\n[[ ## completed ## ]]"
        if "[[ ## result" in last
        else answer
    )


def rule_lm(rule: Rule, name: str = "rule/one", **settings: Any) -> dspy.LM:
    """A `dspy.LM` that answers by a rule."""
    engine = RuleEngine(rule)
    return dspy.LM(
        name, engine=engine, async_engine=AsyncRuleEngine(engine), cache=False, **settings
    )


def asked_of(lm: dspy.LM) -> list[Request]:
    """The requests that a rule was put."""
    asked: list[Request] = lm._engine_spec.asked
    return asked
