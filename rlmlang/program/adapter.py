"""DSPy's adapters without the work that is the same for every item of a map.

Prompts are byte for byte what `dspy.ChatAdapter` makes, or `dspy.JSONAdapter` where JSON is asked
for (a test holds them together), where no data holds a field marker; the instructions are built
once a signature, and plain text is not sent through a type adapter. Replies are read by
`framing.reader`.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import dspy
import pydantic
from dspy.adapters.utils import format_field_value
from dspy.lm15 import Config, Message, Request
from pydantic.fields import FieldInfo

from rlmlang.context import Datum
from rlmlang.framing.markers import Escapes
from rlmlang.framing.reader import FIELDS, Answer, read_reply
from rlmlang.ir.answer_forms import Form
from rlmlang.ir.types import Type
from rlmlang.program.layouts import LAYOUTS
from rlmlang.program.pieces import Content, contents, pieces_of
from rlmlang.program.render import Shown
from rlmlang.program.signatures import RESULT, type_of

Signature = type[dspy.Signature]


@dataclass(frozen=True)
class _Fixed:
    """What is the same for every request of a signature."""

    said: str | None
    instructions: str
    system: str
    reminder: str
    inputs: dict[str, FieldInfo]
    outputs: dict[str, object]


class PromptAdapter(dspy.ChatAdapter):  # type: ignore[misc]
    """Never asks a second time by itself: what cannot be read is for the caller to judge."""

    def __init__(self) -> None:
        super().__init__(use_json_adapter_fallback=False)
        self._fixed: weakref.WeakKeyDictionary[Signature, dict[Form, _Fixed]] = (
            weakref.WeakKeyDictionary()
        )

    def request(
        self,
        model: str,
        config: Config,
        signature: Signature,
        demos: Sequence[Mapping[str, object]],
        inputs: Mapping[str, Shown],
        escapes: Escapes,
        form: Form = "fields",
    ) -> Request:
        """The request for these inputs and this form of an answer. What would pass for a field in
        them is escaped."""
        messages = []
        inputs = {n: escapes.escape(v) if isinstance(v, str) else v for n, v in inputs.items()}
        shown = [_escaped(demo, signature, escapes) for demo in demos]
        for said in LAYOUTS[form].format_demos(signature, shown) if shown else ():
            make = Message.user if said["role"] == "user" else Message.assistant
            messages.append(make(said["content"]))
        fixed = self._of(signature, form, fresh=True)
        messages.append(Message.user(self._content(fixed, inputs)))
        return Request(
            model=model,
            messages=tuple(messages),
            config=config,
            system=fixed.system,
        )

    def instructions(self, signature: Signature) -> str:
        """What a signature says, without its margins."""
        return self._of(signature, fresh=True).instructions

    def format_system_message(self, signature: Signature) -> str:
        """The instructions; made anew only when an optimiser changed them in place."""
        return self._of(signature, fresh=True).system

    def user_message_output_requirements(self, signature: Signature) -> str:
        """The reminder at the end of a request."""
        return self._of(signature).reminder

    def _of(self, signature: Signature, form: Form = "fields", *, fresh: bool = False) -> _Fixed:
        forms = self._fixed.setdefault(signature, {})
        found = forms.get(form)
        if found is None or (fresh and found.said is not signature.__doc__):
            layout = LAYOUTS[form]
            found = forms[form] = _Fixed(
                signature.__doc__,
                signature.instructions,
                layout.format_system_message(signature),
                layout.user_message_output_requirements(signature) or "",
                dict(signature.input_fields),
                {name: f.annotation for name, f in signature.output_fields.items()},
            )
        return found

    def read(
        self,
        signature: Signature,
        result: Type,
        completion: str,
        escapes: Escapes,
        data: Sequence[str] = (),
        form: Form = FIELDS,
    ) -> Answer:
        """The fields of an answer, with the repairs it took, whose result is of type `result`;
        `data` is what the request showed, in which `escapes` were made, `form` is what it asked
        for. Raises UnreadableError."""
        outputs = self._of(signature).outputs
        types = {n: result if n == RESULT else type_of(kind) for n, kind in outputs.items()}
        return read_reply(completion, types, form, data=data, escapes=escapes)

    def prediction(self, signature: Signature, answer: Answer) -> dspy.Prediction:
        """An answer as DSPy has it: records as models, text that is none as empty text."""
        outputs = self._of(signature).outputs
        return dspy.Prediction(**{n: _made(v, outputs[n]) for n, v in answer.values.items()})

    def format_user_message_content(
        self,
        signature: Signature,
        inputs: Mapping[str, object],
        prefix: str = "",
        suffix: str = "",
        main_request: bool = False,
    ) -> str:
        """The fields of a request."""
        fixed = self._of(signature)
        reminder = self.user_message_output_requirements(signature) if main_request else None
        return self._shown(fixed, inputs, prefix, suffix, reminder)

    def _content(self, fixed: _Fixed, inputs: Mapping[str, Shown]) -> str | list[Content]:
        """The fields of a request, each image where it stands among them."""
        if all(isinstance(value, str) for value in inputs.values()):
            return self._shown(fixed, inputs, "", "", fixed.reminder)
        pieces: list[str | dspy.Image] = []
        for name in fixed.inputs:
            if name in inputs:
                pieces += [f"[[ ## {name} ## ]]\n", *pieces_of(inputs[name]), "\n\n"]
        return contents([*pieces, fixed.reminder])

    def _shown(
        self,
        fixed: _Fixed,
        inputs: Mapping[str, object],
        prefix: str,
        suffix: str,
        reminder: str | None,
    ) -> str:
        parts = [prefix]
        for name, info in fixed.inputs.items():
            if name in inputs:
                value = inputs[name]
                text = value if type(value) is str else format_field_value(info, value)
                parts.append(f"[[ ## {name} ## ]]\n{text}")
        if reminder is not None:
            parts.append(reminder)
        parts.append(suffix)
        return "\n\n".join(parts).strip()

    def __deepcopy__(self, memo: object) -> PromptAdapter:
        return self


def _made(value: Datum, annotation: object) -> object:
    if annotation is str:
        return "" if value is None else value
    return _validator(annotation).validate_python(value)


@lru_cache(256)
def _validator(annotation: Any) -> pydantic.TypeAdapter[Any]:
    return pydantic.TypeAdapter(annotation)


def _escaped(
    demo: Mapping[str, object], signature: Signature, escapes: Escapes
) -> dict[str, object]:
    """A demonstration whose values hold no markers; a value that held one becomes its text."""
    shown = {}
    for name, value in demo.items():
        if (info := signature.fields.get(name)) is not None and value is not None:
            text = format_field_value(info, value)
            safe = escapes.escape(text)
            value = value if safe == text else safe
        shown[name] = value
    return shown
