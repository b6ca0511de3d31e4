"""`url("https://…")`: a text from elsewhere."""

from __future__ import annotations

from rlmlang.schema.readers import EXTRACT
from rlmlang.schema.sources import ENCODING, SourceKind

CONTRACT = SourceKind(
    name="url",
    gives="text",
    doc="anything fsspec opens: http, s3, gcs, …",
    runner="rlmlang.sources.text:opened",
    arguments=(ENCODING, EXTRACT),
    place="a URL",
)
