"""DSPy's chat adapter without the work that is the same for every item of a map.

Prompts are byte for byte what `dspy.ChatAdapter` makes (a test holds the two together); the
instructions are built once a signature, and plain text is not sent through a type adapter.
"""

from __future__ import annotations

import weakref
from typing import Any

import dspy
from dspy.adapters.utils import format_field_value
from dspy.lm15 import Config, Message, Request


class PromptAdapter(dspy.ChatAdapter):  # type: ignore[misc]
    """Never asks a second time by itself: what cannot be read is for the caller to judge."""

    def __init__(self) -> None:
        super().__init__(use_json_adapter_fallback=False)
        self._systems: weakref.WeakKeyDictionary[Any, tuple[str, str, str | None]] = (
            weakref.WeakKeyDictionary()
        )

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
        return self._fixed(signature)[1]

    def user_message_output_requirements(self, signature: Any) -> str:
        """The reminder at the end of a request."""
        return self._fixed(signature)[2] or ""

    def _fixed(self, signature: Any) -> tuple[str, str, str | None]:
        found = self._systems.get(signature)
        if found is None or found[0] != signature.instructions:
            found = (
                signature.instructions, super().format_system_message(signature),
                super().user_message_output_requirements(signature),
            )  # fmt: skip
            self._systems[signature] = found
        return found

    def format_user_message_content(
        self, signature: Any, inputs: dict[str, Any], prefix: str = "", suffix: str = "",
        main_request: bool = False,
    ) -> str:  # fmt: skip
        """The fields of a request."""
        parts = [prefix]
        for name, info in signature.input_fields.items():
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
