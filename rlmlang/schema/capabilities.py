"""What a model may take, as settings: of a `takes` block in a recipe, and of `rlm.toml`."""

from __future__ import annotations

from rlmlang.schema.image_rules import CHOICES, IMAGE_RULES
from rlmlang.schema.setting import Setting

RULES = "; ".join(f"{name}: {rule.doc}" for name, rule in IMAGE_RULES.items())
LIMIT_FIELDS = ("max_tokens", "max_completion_tokens")
STRUCTURED = ("json_schema", "none", "unknown")
TIERS = ("flex", "priority")
TAKES = (
    Setting("limit_field", "choice", choices=LIMIT_FIELDS,
            doc="what the limit of an answer is called"),
    Setting("temperature", "truth", doc="whether a temperature may be given"),
    Setting("thinking", "tok", least=0, doc="the least that a call is allowed where the model "
            "thinks before it answers, thinking included; 0 where it does not"),
    Setting("structured", "choice", choices=STRUCTURED,
            doc="whether an answer can be held to a JSON schema"),
    Setting("stop", "truth", doc="whether words that end an answer may be given"),
    Setting("logprobs", "truth", doc="whether it tells how likely its tokens are"),
    Setting("tiers", "names", choices=TIERS, example="[flex, priority]",
            doc="service tiers that have a price of their own"),
    Setting("batch", "truth", doc="whether its provider takes batches of requests"),
    Setting("images", "choice", choices=CHOICES,
            doc=f"the rule by which it counts images. {RULES}; none: it takes none"),
    Setting("image_tokens", "tok", least=0, doc="the most tokens of an image, in place of a rule; "
            "0 where the rule says it"),
)  # fmt: skip
ANSWER = Setting(
    "answer", "choice", "auto", choices=("auto", "plain", "fields", "json"),
    doc="the form of an answer. plain: the whole reply is the value. fields: below a header. json: "
    "a JSON object, held to the type's schema where the model takes one. auto: plain for a Text "
    "that may not be none, else json where it is known that the model takes a schema, else fields; "
    "the embedded reader answers in fields",
)  # fmt: skip
