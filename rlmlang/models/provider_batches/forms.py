"""The format of the batches at an endpoint, with its key."""

from __future__ import annotations

from collections.abc import Callable

from rlmlang.diagnostics.diagnostic import failed
from rlmlang.models.engines.call_context import Engine
from rlmlang.models.http import ChatEndpoint
from rlmlang.models.provider_batches.batch_api import BatchApi
from rlmlang.models.provider_batches.openai_form import OpenAiForm
from rlmlang.models.provider_batches.wire import Wire


def batches_of(live: Engine, timeout: float, redact: Callable[[str], str]) -> BatchApi:
    """The batches of what answers live. Raises CodedError (batch-unavailable)."""
    if isinstance(live, ChatEndpoint):
        headers = {"Authorization": f"Bearer {live.key}"} if live.key else {}
        return OpenAiForm(live, Wire(headers, timeout, redact))
    raise failed(
        "batch-unavailable",
        f"calls that {type(live).__name__} answers go in no batches",
        hint="leave out --engine batch",
    )
