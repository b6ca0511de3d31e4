"""The kinds of source a recipe may declare, and which type each gives."""

from __future__ import annotations

from rlmlang.schema.partitions import Argument
from rlmlang.value import Frozen, value


@value
class SourceKind(Frozen):
    """`gives` is the family of types it fills; `extra` the optional install it needs; `arguments`
    stand behind the place, by name."""

    name: str
    gives: str
    doc: str
    extra: str = ""
    arguments: tuple[Argument, ...] = ()


SOURCES: dict[str, SourceKind] = {
    s.name: s
    for s in (
        SourceKind("text", "text", "one text file"),
        SourceKind("file", "text", "one text file"),
        SourceKind("files", "tree", "all files that match a glob"),
        SourceKind("tree", "tree", "a folder with everything below it, such as a repository"),
        SourceKind("lines", "rows", "a text file, one item a line"),
        SourceKind("jsonl", "rows", "a file of JSON values, one a line"),
        SourceKind("csv", "rows", "a table with a heading line", "", (
            Argument("delimiter", "character", doc="what stands between cells"),
        )),
        SourceKind("parquet", "rows", "a Parquet table", "parquet"),
        SourceKind("sql", "rows", "the rows of a query", "sql", (
            Argument("url", "text", required=True, doc="the database"),
        )),
        SourceKind("stdin", "text", "what is piped in"),
        SourceKind("url", "text", "anything fsspec opens: http, s3, gcs, …"),
    )
}  # fmt: skip
