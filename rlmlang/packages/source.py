"""Where a package comes from, and the one text form of that."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote

KINDS = ("path", "git", "python")
REFS = ("tag", "branch", "rev")
COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_WRITTEN = re.compile(r"(path|git|python)\+([^?#]*)(?:\?([^#]*))?(?:#(.*))?")


@dataclass(frozen=True)
class Source:
    """A folder (`place` is its path), a git repository (its URL) or a Python distribution (the
    versions that are wanted).

    Of a repository `ref` is a tag, branch or revision and `by` says which; `subdir` is a folder in
    it; `commit` is where the ref pointed to, empty until it was looked up.
    """

    kind: str
    place: str
    by: str = ""
    ref: str = ""
    subdir: str = ""
    commit: str = ""

    @property
    def asked(self) -> Source:
        """What somebody wrote, without what was found."""
        return replace(self, commit="")

    @property
    def whence(self) -> tuple[str, str, str]:
        """What two sources of one package have in common, whatever their versions."""
        return self.kind, self.place if self.kind == "git" else "", self.subdir

    def __str__(self) -> str:
        query = [(self.by, self.ref), ("subdirectory", self.subdir)]
        written = "&".join(f"{k}={quote(v, safe='/')}" for k, v in query if k and v)
        end = f"#{self.commit}" if self.commit else ""
        place = quote(self.place, safe="/:@.+~,<>=^* -_[]")
        return f"{self.kind}+{place}{'?' if written else ''}{written}{end}"


def source_of(text: str) -> Source | None:
    """A source as a lock writes it; None for what is none."""
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    kind, place, query, commit = found.groups()
    given = dict(parse_qsl(query or ""))
    by = next((r for r in REFS if r in given), "")
    if commit and not COMMIT.fullmatch(commit):
        return None
    subdir = given.get("subdirectory", "")
    return Source(kind, _unquoted(place), by, given.get(by, ""), subdir, commit or "")


def _unquoted(text: str) -> str:
    from urllib.parse import unquote

    return unquote(text)
