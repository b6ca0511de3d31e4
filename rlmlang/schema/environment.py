"""The variables of the environment that are read: one table, of which the readers take the names.

A flag's own variable, `RLM_` and its name, is in the table of flags.
"""

from __future__ import annotations

from rlmlang.value import Frozen, value


@value
class Variable(Frozen):
    """A variable: what it says, such as what, and how its name may vary (`PROVIDER` stands for a
    provider's name in capitals)."""

    name: str
    doc: str
    example: str


MODEL = "RLM_MODEL"
PROFILE = "RLM_PROFILE"
API_BASE = "RLM_API_BASE"
API_KEY = "RLM_API_KEY"
TRUST = "RLM_TRUST"
DEBUG = "RLM_DEBUG"
NO_COLOR = "NO_COLOR"
MCP_TOKEN = "RLM_MCP_TOKEN"  # noqa: S105, its name
CACHE = "XDG_CACHE_HOME"
STATE = "XDG_STATE_HOME"
CONFIG = "XDG_CONFIG_HOME"
AZURE = "AZURE_AD_TOKEN"
COLLECTOR = "OTEL_EXPORTER_OTLP_ENDPOINT"
COLLECTOR_HEADERS = "OTEL_EXPORTER_OTLP_HEADERS"
VARIABLES = {
    v.name: v
    for v in (
        Variable(MODEL, "the model for all models of a recipe: --model counts for more, "
                 "rlm.toml and what the recipe says for less", "openai/gpt-5-mini"),
        Variable(PROFILE, "the profile of rlm.toml whose settings hold: --profile counts for more",
                 "prod"),
        Variable(API_BASE, "the OpenAI-compatible endpoint of all models, where --api-base names "
                 "none", "http://localhost:8000/v1"),
        Variable(API_KEY, f"the key of the endpoint that --api-base or {API_BASE} names; it goes "
                 "nowhere else", "secret"),
        Variable("PROVIDER_API_KEY", "a provider's key, such as OPENAI_API_KEY or "
                 "ANTHROPIC_API_KEY; it goes to that provider alone", "secret"),
        Variable(AZURE, "a token of Azure's directory, in place of a key", "secret"),
        Variable(COLLECTOR_HEADERS, "headers for the collector of `rlm export --to`, as "
                 "OpenTelemetry has them", "x-api-key=secret,x-project=7"),
        Variable(COLLECTOR, f"the collector that {COLLECTOR_HEADERS} is for: another one is not "
                 "sent them", "http://127.0.0.1:4318"),
        Variable(TRUST, "1 trusts the recipe and its rlm.toml for this command, as --trust does",
                 "1"),
        Variable(DEBUG, "1 shows where rlmlang made a mistake of its own", "1"),
        Variable(MCP_TOKEN, "what clients of `rlm mcp --http` must say; else one is made and told",
                 "secret"),
        Variable(NO_COLOR, "anything in it: no colours", "1"),
        Variable("COLUMNS", "how wide tables may be, in place of the terminal's width", "60"),
        Variable(STATE, "where runs of Python programs are kept that name no store, and the secret "
                 "that signs what is kept, in the folder rlmlang", "~/.local/state"),
        Variable(CACHE, "where the cache lies, in the folder rlmlang: texts of documents, tables "
                 "of the grammar; ~/.cache where it is not set", "/var/cache/ann"),
        Variable(CONFIG, "where the list of what is trusted lies, in the folder rlmlang; ~/.config "
                 "where it is not set", "/home/ann/.config"),
        Variable("HTTPS_PROXY", "the proxy of requests to https:// endpoints",
                 "http://proxy.local:3128"),
        Variable("HTTP_PROXY", "the proxy of requests to http:// endpoints",
                 "http://proxy.local:3128"),
        Variable("ALL_PROXY", "the proxy of all requests that have none of their own",
                 "http://proxy.local:3128"),
        Variable("NO_PROXY", "hosts that are asked without a proxy", "localhost,.local"),
    )
}  # fmt: skip
