"""`image("cat.png")`: one image."""

from __future__ import annotations

from rlmlang.schema.sources import SourceKind

CONTRACT = SourceKind(
    name="image",
    gives="image",
    doc="one image, a PNG, JPEG, WebP or GIF",
    runner="rlmlang.sources.images:opened",
    local=True,
)
