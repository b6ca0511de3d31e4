"""DSPy's chat adapter without the work that is the same for every item of a map.

Prompts are byte for byte what `dspy.ChatAdapter` makes (a test holds the two together); the
instructions are built once a signature, and plain text is not sent through a type adapter.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any

import dspy
from dspy.adapters.chat_adapter import field_header_pattern
from dspy.adapters.utils import format_field_value
from dspy.lm15 import Config, Message, Request


@dataclass(frozen=True)
class _Fixed:
    """What is the same for every request of a signature."""

    said: str | None
    system: str
    reminder: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]


class PromptAdapter(dspy.ChatAdapter):  # type: ignore[misc]
    """Never asks a second time by itself: what cannot be read is for the caller to judge."""

    def __init__(self) -> None:
        super().__init__(use_json_adapter_fallback=False)
        self._fixed: weakref.WeakKeyDictionary[Any, _Fixed] = weakref.WeakKeyDictionary()

    def request(
        self, model: str, config: Config, signature: Any, demos: list[Any], inputs: dict[str, Any]
    ) -> Request:
        """The request for these inputs."""
        messages = []
        for said in self.format_demos(signature, demos) if demos else ():
            make = Message.user if said["role"] == "user" else Message.assistant
            messages.append(make(said["content"]))
        content = self.format_user_message_content(signature, inputs, main_request=True)
        messages.append(Message.user(content))
        return Request(model=model, messages=tuple(messages), config=config,
                       system=self.format_system_message(signature))  # fmt: skip

    def format_system_message(self, signature: Any) -> str:
        """The instructions; made anew only when an optimiser changed them in place."""
        return self._of(signature, fresh=True).system

    def user_message_output_requirements(self, signature: Any) -> str:
        """The reminder at the end of a request."""
        return self._of(signature).reminder

    def _of(self, signature: Any, *, fresh: bool = False) -> _Fixed:
        found = self._fixed.get(signature)
        if found is None or (fresh and found.said is not signature.__doc__):
            found = self._fixed[signature] = _Fixed(
                signature.__doc__, super().format_system_message(signature),
                super().user_message_output_requirements(signature) or "",
                dict(signature.input_fields),
                {name: f.annotation for name, f in signature.output_fields.items()},
            )  # fmt: skip
        return found

    def parse(self, signature: Any, completion: str) -> dict[str, Any]:
        """The fields of an answer. A single text field is read here, to the same end."""
        outputs = self._of(signature).outputs
        if len(outputs) == 1 and next(iter(outputs.values())) is str:
            name = next(iter(outputs))
            found = _sections(completion).get(name)
            if found is not None:
                return {name: found}
        parsed: dict[str, Any] = super().parse(signature, completion)
        return parsed

    def format_user_message_content(
        self, signature: Any, inputs: dict[str, Any], prefix: str = "", suffix: str = "",
        main_request: bool = False,
    ) -> str:  # fmt: skip
        """The fields of a request."""
        parts = [prefix]
        for name, info in self._of(signature).inputs.items():
            if name in inputs:
                value = inputs[name]
                text = value if type(value) is str else format_field_value(info, value)
                parts.append(f"[[ ## {name} ## ]]\n{text}")
        if main_request:
            parts.append(self.user_message_output_requirements(signature))
        parts.append(suffix)
        return "\n\n".join(parts).strip()

    def __deepcopy__(self, memo: object) -> PromptAdapter:
        return self


def _sections(completion: str) -> dict[str, str]:
    """The first text under each header, in the adapter's form."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in completion.splitlines():
        match = field_header_pattern.match(line.strip())
        if match is None:
            lines.append(line)
            continue
        rest = line[match.end() :].strip()
        lines = [rest] if rest else []
        found.setdefault(match.group(1), lines)
    return {name: "\n".join(lines).strip() for name, lines in found.items()}
