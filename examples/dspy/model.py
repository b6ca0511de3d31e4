"""Two models that follow rules, so that the example needs no key.

The writer calls a ticket urgent that says so; that a refund is urgent it knows only if its
instructions say it. The thinker writes the rules that it reads in feedback into instructions.
"""

import json
import re

import dspy
from dspy.lm15 import Message, Response, Usage

RULE = "RULE: in this house a refund is urgent."


class Rules:
    """What answers for a `dspy.LM`, and counts."""

    def __init__(self, rule):
        self.rule, self.asked = rule, 0

    def complete(self, request):
        self.asked += 1
        system = request.system if isinstance(request.system, str) else ""
        system = system or "".join(p.text for p in request.system or ())
        said = self.rule(system, "\n".join(m.text or "" for m in request.messages))
        return Response(id=None, model=request.model, message=Message.assistant(said),
                        finish_reason="stop", usage=Usage(input_tokens=100, output_tokens=5))  # fmt: skip


class Waited(Rules):
    """The same for a running loop."""

    def __init__(self, rules):
        self.rules = rules

    async def complete(self, request):
        return self.rules.complete(request)


def writer(system, said):
    ticket = said.split("[[ ## ticket ## ]]")[-1].split("\n")[1]
    return framed("urgent" in ticket or ("refund" in ticket and RULE in system), said)


def thinker(system, said):
    return framed(f"Say whether the ticket is urgent. {RULE if RULE in said else ''}", said)


def framed(answer, said):
    """An answer in the form that the request asks for: JSON, a field, or nothing but the answer."""
    asked = said.rpartition("Respond")[2]
    fields = re.findall(r"`(?:\[\[ ## )?(\w+)(?: ## \]\])?`", asked)
    if "JSON" in asked:
        return json.dumps({fields[0] if fields else "result": answer})
    return f"[[ ## {fields[0]} ## ]]\n{answer}" if fields else str(answer)


def model(rule, name):
    """A `dspy.LM` that answers by a rule."""
    rules = Rules(rule)
    lm = dspy.LM(name, engine=rules, async_engine=Waited(rules), cache=False)
    return lm, rules
