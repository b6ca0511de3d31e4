"""`images("photos/*.jpg")`: images by their names, or those of a folder."""

from __future__ import annotations

from rlmlang.schema.sources import SourceKind
from rlmlang.schema.sources.folders import FOLDER

CONTRACT = SourceKind(
    name="images",
    gives="images",
    doc="all images that match a glob, or that lie below a folder",
    runner="rlmlang.sources.images:several",
    place="a glob or a folder",
    arguments=tuple(s for s in FOLDER if s.name != "left_out"),
    local=True,
)
