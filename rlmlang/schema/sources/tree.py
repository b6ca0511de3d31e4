"""`tree("src")`: a folder."""

from __future__ import annotations

from rlmlang.schema.readers import EXTRACT
from rlmlang.schema.sources import SourceKind
from rlmlang.schema.sources.folders import FOLDER

CONTRACT = SourceKind(
    name="tree",
    gives="tree",
    doc="a folder with everything below it, such as a repository",
    runner="rlmlang.sources.tree:opened",
    arguments=(*FOLDER, EXTRACT),
    local=True,
)
