"""How an answer ended decides first whether it is one: what was cut, filtered, refused or broken
off is never read as an answer, whatever it looks like."""

from __future__ import annotations

from dspy.lm15 import RefusalPart, Response

from rlmlang.ir.recipe import Prompt
from rlmlang.protocols import AnswerError, Reply

CUT, FILTERED, DECLINED = "answer-cut", "answer-filtered", "answer-declined"
TOOL_CALL, BROKEN_OFF = "answer-tool-call", "answer-broken-off"


def unless_whole(response: Response, prompt: Prompt, reply: Reply, most: int | None) -> None:
    """Raises AnswerError, with the code of the ending, for an answer that is not whole; `most` are
    the tok it was allowed, thinking included."""
    match response.finish_reason:
        case "length":
            raise AnswerError(_cut(prompt, reply, most), reply, CUT)
        case "content_filter" if words := _refusal(response):
            raise AnswerError(f"the model declined: {words[:300]}", reply, DECLINED)
        case "content_filter":
            raise AnswerError("the provider's filter stopped the answer", reply, FILTERED)
        case "tool_call":
            raise AnswerError("the model called a tool instead of answering", reply, TOOL_CALL)
        case "error":
            raise AnswerError(
                "the server broke the answer off, or sent what cannot be read", reply, BROKEN_OFF
            )


def _refusal(response: Response) -> str:
    return " ".join(p.text for p in response.message.parts_of(RefusalPart))


def _cut(prompt: Prompt, reply: Reply, most: int | None) -> str:
    output, written = prompt.model.output, prompt.written
    room = f", {most:,} with its thinking," if most is not None and most > output else ""
    allowed = f"{output:,} tok that `output` allows{room}"
    if written < output and not room:
        allowed = f"{written:,} tok that {prompt.result} with its declared sizes may take"
    if not reply.raw.strip():
        return f"the {allowed} were used up before the answer began"
    return f"the answer was cut off at the {allowed}".rstrip(",")
