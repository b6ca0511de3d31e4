"""Where in a recipe a place is, read off the tokens before it: also of a text that is no recipe
yet."""

from __future__ import annotations

from collections.abc import Sequence

from rlmlang.schema.settings import BLOCKS
from rlmlang.syntax.scan import CLOSING, DECLARATIONS, OPENING, STATEMENTS, Piece
from rlmlang.syntax.verbs import WORDS as VERBS
from rlmlang.value import Frozen, value

BODIES = ("recipe", "pattern", "rung")
CLAUSES = ("leaf", "branch", "prune", "join", "depth")
TRIALS = ("test", "eval", "tune", "batch")


@value
class Opened(Frozen):
    """A bracket that is open: `kind` is the block that it begins, `body` for lines of steps, or for
    a round or square one what stands before it; `at` is the number of its token."""

    mark: str
    kind: str
    at: int


@value
class Context(Frozen):
    """The brackets around a place, the outermost first, the tokens before it, and those of the
    same line of a body or block; `word` is what has been written of the word at the place, which
    `begins` a line of the text where nothing stands before it there."""

    opened: tuple[Opened, ...]
    before: tuple[Piece, ...]
    line: tuple[Piece, ...]
    word: str
    begins: bool
    within: Piece | None = None
    """The text or comment that the place is inside of."""

    @property
    def block(self) -> str:
        """The kind of the innermost braces; empty outside of all."""
        return next((o.kind for o in reversed(self.opened) if o.mark == "{"), "")

    @property
    def last(self) -> str:
        """The token before the place, or before the word at it."""
        return self.before[-1].text if self.before else ""

    def header(self, back: int = 1) -> str:
        """The token so many before the place."""
        return self.before[-back].text if len(self.before) >= back else ""


def context(text: str, pieces: Sequence[Piece], offset: int) -> Context:
    """Where a place of a text is, by its tokens."""
    before = [p for p in pieces if p.start < offset]
    within = before[-1] if before and _inside(before[-1], offset) else None
    before = [p for p in before if p.kind not in ("comment", "doc")]
    word = ""
    if within is not None:
        before = before[:-1] if within.kind == "text" else before
    elif before and before[-1].kind == "word" and before[-1].end >= offset:
        word = before[-1].text[: offset - before[-1].start]
        before = before[:-1]
    opened = _opened(before)
    start = opened[-1].at + 1 if opened else 0
    line = text[text.rfind("\n", 0, offset) + 1 : offset].removesuffix(word)
    return Context(
        tuple(opened),
        tuple(before),
        tuple(_line(before, start)),
        word,
        not line.strip(),
        within,
    )


def _inside(piece: Piece, offset: int) -> bool:
    """Whether a place is within a text or comment, where no names stand."""
    if piece.kind in ("comment", "doc"):
        return offset <= piece.end
    return piece.kind == "text" and offset < piece.end


def _opened(before: Sequence[Piece]) -> list[Opened]:
    stack: list[Opened] = []
    for at, piece in enumerate(before):
        if piece.lines and piece.text in DECLARATIONS and _declares(before, at, stack):
            stack = []
        if piece.kind == "mark" and piece.text in OPENING:
            kind = _braces(before, at, stack) if piece.text == "{" else ""
            stack.append(Opened(piece.text, kind, at))
        elif piece.kind == "mark" and piece.text in CLOSING and stack:
            stack.pop()
    return stack


def _declares(before: Sequence[Piece], at: int, stack: Sequence[Opened]) -> bool:
    """Whether a declaration begins here though a bracket is open: a name and what opens it follow,
    two lines below what is open."""
    following = [p.text for p in before[at + 1 : at + 3]]
    return bool(stack) and before[at].lines > 1 and len(following) == 2 and following[1] in "({"


def _braces(before: Sequence[Piece], at: int, stack: Sequence[Opened]) -> str:
    """The kind of the braces that open at a token."""
    outer = stack[-1].kind if stack else ""
    start = stack[-1].at + 1 if stack else 0
    line = _line(before[:at], start)
    words = [p.text for p in line]
    if not stack:
        return _declared(words)
    if words[-1:] == [":"] and len(words) > 1 and outer in BLOCKS:
        return BLOCKS[outer].setting(words[-2]).opens
    if "budget" in words[:1] or words[-1:] == ["budget"]:
        return "spend" if outer in TRIALS else "budget"
    if words[-1:] == ["repl"]:
        return "repl"
    if outer == "recurse clauses":
        return words[0] if words and words[0] in CLAUSES else ""
    if words[:1] == ["rung"]:
        return "body"
    return _of_step(words)


def _declared(words: list[str]) -> str:
    """The kind of the braces of a declaration."""
    word = next((w for w in words if w in DECLARATIONS and w not in ("export", "main")), "")
    return "body" if word in BODIES else word


def _of_step(words: list[str]) -> str:
    """The kind of the braces behind a step."""
    verb = next((w for w in words if w in VERBS), "")
    closed = words.count("}")
    if verb == "recurse" and not closed:
        return "recurse clauses"
    if verb == "ladder" and not closed:
        return "rungs"
    return "match" if "match" in words and not verb else verb or "step"


def _line(before: Sequence[Piece], start: int) -> list[Piece]:
    """The tokens from the beginning of the last line of what was opened before `start`."""
    depth, first = 0, start
    for at in range(start, len(before)):
        piece = before[at]
        if piece.kind == "mark" and piece.text in OPENING:
            depth += 1
        elif piece.kind == "mark" and piece.text in CLOSING:
            depth -= 1
        elif depth <= 0 and piece.lines and (piece.text in STATEMENTS or _begins(before, at)):
            first, depth = at, 0
    return list(before[first:])


def _begins(before: Sequence[Piece], at: int) -> bool:
    """Whether a token on a new line begins something: a word behind a whole line."""
    last = before[at - 1].text if at else ""
    goes_on = last in (",", ":", "=", "->", "with", "by", "then", "else", "and", "or", "where")
    return before[at].kind == "word" and not goes_on and before[at].text not in ("then", "else")
