"""The kinds of source a recipe may declare, and which type each gives."""

from __future__ import annotations

from rlmlang.value import Value, value


@value
class SourceKind(Value):
    """`gives` is the family of types it fills; `extra` the optional install it needs."""

    name: str
    gives: str
    doc: str
    extra: str = ""


SOURCES: dict[str, SourceKind] = {
    s.name: s
    for s in (
        SourceKind("text", "text", "one text file"),
        SourceKind("file", "text", "one text file"),
        SourceKind("files", "tree", "all files that match a glob"),
        SourceKind("tree", "tree", "a folder with everything below it, such as a repository"),
        SourceKind("lines", "rows", "a text file, one item a line"),
        SourceKind("jsonl", "rows", "a file of JSON values, one a line"),
        SourceKind("csv", "rows", "a table with a heading line"),
        SourceKind("parquet", "rows", "a Parquet table", "parquet"),
        SourceKind("sql", "rows", "the rows of a query", "sql"),
        SourceKind("stdin", "text", "what is piped in"),
        SourceKind("url", "text", "anything fsspec opens: http, s3, gcs, …"),
    )
}
