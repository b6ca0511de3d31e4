"""Which key goes to which endpoint: a key made for one provider is sent to no other host unasked.

Imports nothing heavy: `rlm plan` says where a run would send what.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urljoin, urlsplit

from rlmlang.diagnostics.diagnostic import Diagnostic, failed
from rlmlang.models.endpoints import Address, address_of
from rlmlang.schema.environment import API_BASE, API_KEY, AZURE

BASE, KEY = API_BASE, API_KEY
# The variables that LiteLLM reads a provider's key from, where they are not called PROVIDER_API_KEY
VARIABLES: Mapping[str, tuple[str, ...]] = {
    "together_ai": ("TOGETHER_API_KEY", "TOGETHER_AI_API_KEY", "TOGETHERAI_API_KEY",
                    "TOGETHER_AI_TOKEN"),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
    "azure": ("AZURE_API_KEY", "AZURE_OPENAI_API_KEY"),
    "fireworks_ai": ("FIREWORKS_API_KEY", "FIREWORKS_AI_API_KEY", "FIREWORKSAI_API_KEY"),
    "openrouter": ("OPENROUTER_API_KEY", "OR_API_KEY"),
    "perplexity": ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY"),
    "cohere": ("COHERE_API_KEY", "CO_API_KEY"),
    "cohere_chat": ("COHERE_API_KEY", "CO_API_KEY"),
    "watsonx": ("WATSONX_API_KEY", "WX_API_KEY"),
    "friendliai": ("FRIENDLI_TOKEN",),
}  # fmt: skip
# providers that take no key, or find credentials of their own: in a cloud's variables and files
KEYLESS = frozenset((
    "bedrock", "bedrock_converse", "sagemaker", "vertex_ai", "vertex_ai_beta", "ollama",
    "ollama_chat", "hosted_vllm", "vllm", "llamafile", "lm_studio", "xinference", "oobabooga",
    "docker_model_runner", "github_copilot",
))  # fmt: skip
# the hosts of providers: these and what lies below them, over TLS
HOSTS: Mapping[str, tuple[str, ...]] = {
    "openai": ("api.openai.com",),
    "anthropic": ("api.anthropic.com",),
    "gemini": ("generativelanguage.googleapis.com",),
    "mistral": ("api.mistral.ai",),
    "groq": ("api.groq.com",),
    "openrouter": ("openrouter.ai",),
    "deepseek": ("api.deepseek.com",),
    "xai": ("api.x.ai",),
    "together_ai": ("api.together.xyz", "api.together.ai"),
    "fireworks_ai": ("api.fireworks.ai",),
    "cohere": ("api.cohere.com", "api.cohere.ai"),
    "perplexity": ("api.perplexity.ai",),
    "cerebras": ("api.cerebras.ai",),
    "moonshot": ("api.moonshot.ai", "api.moonshot.cn"),
    "nvidia_nim": ("integrate.api.nvidia.com",),
    "azure": ("openai.azure.com", "services.ai.azure.com"),
}

# the modules, and what they are installed as, that LiteLLM needs for a provider
NEEDS: Mapping[str, tuple[str, str]] = {
    "bedrock": ("boto3", "boto3"), "bedrock_converse": ("boto3", "boto3"),
    "sagemaker": ("boto3", "boto3"), "vertex_ai": ("google.auth", "google-auth"),
    "vertex_ai_beta": ("google.auth", "google-auth"),
}  # fmt: skip


@dataclass(frozen=True)
class Endpoint:
    """Where requests go: the base of the URLs, empty for each provider's own; the variable that
    was named for its key, if one was."""

    base: str = ""
    key_env: str = ""

    @property
    def address(self) -> Address | None:
        """The base as an address; none where each model has its provider's own. Raises CodedError
        (bad-api-base)."""
        return address_of(self.base) if self.base else None

    @property
    def shown(self) -> str:
        """The base without what may be secret in it."""
        return shown(self.base)


@dataclass(frozen=True)
class Key:
    """A key, empty for none; and the variable of one that stays here, since the endpoint is not
    the one that it was made for."""

    value: str = field(default="", repr=False)
    held: str = ""


def provider_of(model: str) -> str:
    """The provider that a model's name begins with; OpenAI where it names none."""
    return model.split("/", 1)[0].lower().replace("-", "_") if "/" in model else "openai"


def variables_of(model: str) -> tuple[str, ...]:
    """The environment variables that may hold a provider's key, the usual one first."""
    provider = provider_of(model)
    return VARIABLES.get(provider, (f"{provider.upper()}_API_KEY",))


def variable_of(model: str) -> str:
    """The environment variable that holds a provider's key: the one that is set, else the usual."""
    names = variables_of(model)
    return next((n for n in names if os.environ.get(n)), names[0])


def needs_key(model: str) -> bool:
    """Whether a provider is asked with a key alone. Azure also takes a token of its directory."""
    provider = provider_of(model)
    token = provider == "azure" and bool(os.environ.get(AZURE))
    return provider not in KEYLESS and not token


def missing_for(model: str) -> str:
    """What must be installed for a provider and is not; empty for nothing."""
    module, name = NEEDS.get(provider_of(model), ("", ""))
    try:
        found = not module or importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        found = False
    return "" if found else name


def owner_of(base: str) -> str:
    """The provider whose own endpoint this is, over TLS; empty for anybody else's."""
    url = _split(base)
    if url is None or url.scheme != "https" or url.port not in (None, 443):
        return ""
    host = (url.hostname or "").rstrip(".")
    for provider, own in HOSTS.items():
        if any(host == h or host.endswith(f".{h}") for h in own):
            return provider
    return ""


def key_for(model: str, endpoint: Endpoint) -> Key:
    """The key to send: that of the variable that was named for the endpoint; `RLM_API_KEY` to an
    endpoint that was named with it; a provider's own to its own host.

    Raises CodedError (model-key-missing) where a variable was named that is not set.
    """
    if endpoint.key_env:
        return Key(_set(endpoint.key_env))
    if not endpoint.base:
        return Key(key_of(variable_of(model)))
    if (key := key_of(KEY)) and _paired(endpoint.base):
        return Key(key)
    if owner := owner_of(endpoint.base):
        return Key(key_of(variable_of(f"{owner}/")))
    return Key(held=next((v for v in (KEY, variable_of(model)) if os.environ.get(v)), ""))


def key_of(variable: str) -> str:
    """The key that a variable of the environment holds, without what a file puts around it, or "".

    Raises CodedError (model-key-missing) for one that cannot be sent.
    """
    key = os.environ.get(variable, "").strip()
    if not all("!" <= c <= "~" for c in key):
        raise failed(
            "model-key-missing",
            f"what {variable} holds is no key: it has blanks, line breaks or other characters "
            "that no key has",
            hint=f"set {variable} to the key alone, in one line",
        )
    return key


def _paired(base: str) -> bool:
    """Whether `RLM_API_KEY` is meant for an endpoint: for that of `RLM_API_BASE`, where one is
    set, else for whichever is named."""
    paired = os.environ.get(BASE, "")
    return not paired or origin(paired) == origin(base)


def _set(variable: str) -> str:
    found = key_of(variable)
    if not found:
        raise failed(
            "model-key-missing",
            f"{variable} is named for a key, and not set",
            hint=f"export {variable}=…",
        )
    return found


def held_back(model: str, endpoint: Endpoint) -> Diagnostic | None:
    """The warning that a key which is set is not sent."""
    held = "" if endpoint.key_env else key_for(model, endpoint).held
    if not held:
        return None
    whose = f"the endpoint of {BASE}" if held == KEY else f"an endpoint of {provider_of(model)}"
    return Diagnostic(
        "key-not-sent",
        f"{held} is not sent to {endpoint.shown}, which is not {whose}",
        reason="A key goes to no other host unasked. A server that needs none answers without.",
        hint=f"export {KEY}=… with the key of this endpoint, or --api-key-env {held} to send it",
    )


def onward(url: str, location: str) -> str:
    """Where a redirect leads; nowhere for another server, which is sent neither prompts nor keys.
    From plain HTTP to TLS it is the same one."""
    try:
        target = urljoin(url, location)
    except ValueError:
        return ""
    secure = urlsplit(url)._replace(scheme="https").geturl()
    return target if location and origin(target) in (origin(url), origin(secure)) else ""


def shown(base: str) -> str:
    """An endpoint as it may be shown: without a user, a password or a query in it."""
    url = _split(base)
    if url is None or not url.hostname:
        return base.partition("?")[0].rpartition("@")[2]
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"


def origin(base: str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL: what makes it the same server."""
    url = _split(base)
    if url is None:
        return "", base, None
    usual = {"https": 443, "http": 80}.get(url.scheme)
    return url.scheme, (url.hostname or "").rstrip("."), url.port or usual


def _split(base: str) -> SplitResult | None:
    try:
        url = urlsplit(base)
        _ = url.port
    except ValueError:
        return None
    return url
