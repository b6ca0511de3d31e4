"""`files("docs/**/*.md")`: files by their names."""

from __future__ import annotations

from rlmlang.schema.readers import EXTRACT
from rlmlang.schema.sources import SourceKind
from rlmlang.schema.sources.folders import FOLDER

CONTRACT = SourceKind(
    name="files",
    gives="tree",
    doc="all files that match a glob",
    runner="rlmlang.sources.files:opened",
    place="a glob",
    arguments=(*FOLDER, EXTRACT),
    local=True,
)
