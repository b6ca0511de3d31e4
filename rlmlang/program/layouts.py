"""How a request asks for its answer, by the form of the answer: as DSPy's adapters do for fields
and JSON, and for a plain answer without any frame around it."""

from __future__ import annotations

from collections.abc import Mapping

import dspy
from dspy.adapters.utils import format_field_value, translate_field_type

from rlmlang.framing.replies import header
from rlmlang.ir.answer_forms import ALONE, RESULT, Form

Signature = type[dspy.Signature]


class PlainLayout(dspy.ChatAdapter):  # type: ignore[misc]
    """Inputs below headers, as they always stand; the whole reply is the answer."""

    def format_field_structure(self, signature: Signature) -> str:
        """How inputs are shown, and that the answer has no header."""
        shown = [
            f"{header(name)}\n{translate_field_type(name, info)}"
            for name, info in signature.input_fields.items()
        ]
        result = translate_field_type(RESULT, signature.output_fields[RESULT])
        inputs = ["Inputs will have the following structure:", *shown] if shown else []
        return "\n\n".join([*inputs, f"{ALONE.format(f'`{RESULT}`')}\n{result}"]).strip()

    def user_message_output_requirements(self, signature: Signature) -> str:
        """The reminder at the end of a request."""
        return ALONE.format(f"`{RESULT}`")

    def format_assistant_message_content(
        self,
        signature: Signature,
        outputs: Mapping[str, object],
        missing_field_message: str | None = None,
    ) -> str:
        """A demonstrated answer."""
        value = outputs.get(RESULT, missing_field_message)
        return str(format_field_value(signature.output_fields[RESULT], value))


LAYOUTS: Mapping[Form, dspy.ChatAdapter] = {
    "plain": PlainLayout(use_json_adapter_fallback=False),
    "fields": dspy.ChatAdapter(use_json_adapter_fallback=False),
    "json": dspy.JSONAdapter(),
}
