"""What was meant where something of another language stands: the fix of a syntax error."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rlmlang.diagnostics.fix import Edit, Fix, write
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.diagnostics.suggest import nearest
from rlmlang.schema import foreign
from rlmlang.syntax.scan import Piece

KEYWORDS = (
    "by with for then else accept rung from returns weight where in as let return require".split()
)
STATEMENTS = ("let", "return", "require", "budget")
ARROW = "__ANON_0"
CLOSES = {"(": ")", "[": "]", "{": "}"}
ELSEWHERE = foreign.LISTS | foreign.OPTIONALS | foreign.MAPS | foreign.RECORDS


@dataclass(frozen=True)
class Found:
    """An unexpected token: the pieces before it, and those from it on. `accepts` are the terminals
    that could stand in its place."""

    source: SourceFile
    before: Sequence[Piece]
    after: Sequence[Piece]
    accepts: frozenset[str]

    @property
    def piece(self) -> Piece:
        """The token."""
        return self.after[0]

    @property
    def last(self) -> Piece | None:
        """What stands before it."""
        return self.before[-1] if self.before else None

    def next(self, at: int = 1) -> str:
        """The text of a piece behind it, empty where the file ends."""
        return self.after[at].text if at < len(self.after) else ""

    def span(self, piece: Piece, until: Piece | None = None) -> Span:
        """The place of a piece, or from one to the end of another."""
        return Span(self.source, piece.start, (until or piece).end)

    def at(self, offset: int) -> Span:
        """The empty place before a character."""
        return Span(self.source, offset, offset)

    @property
    def begins(self) -> bool:
        """Whether a line of a body could begin here."""
        first = self.piece.lines > 0 or self.last is None or self.last.text in ("{", "}")
        return first and "LET" in self.accepts

    def closing(self, at: int) -> int | None:
        """Which piece behind the token closes the bracket that opens at one of them."""
        depth = 0
        for number, piece in enumerate(self.after[at:], at):
            depth += piece.text in CLOSES
            depth -= piece.text in CLOSES.values()
            if depth == 0:
                return number
        return None


def fix_of(found: Found) -> Fix | None:
    """What to write in place of an unexpected token; None where nothing is known of it."""
    fixes = (rule(found) for rule in RULES)
    return next((fix for fix in fixes if fix is not None), None)


def _statement(f: Found) -> Fix | None:
    """A line that begins with a word of another language, or with a misspelt one of ours."""
    if not f.begins or f.piece.kind not in ("word", "mark"):
        return None
    word = f.piece.text
    if advice := foreign.ADVICE.get(word) or foreign.CHOICES.get(word):
        return Fix(advice)
    if word in foreign.STATEMENTS and f.next() not in ("=", ":"):
        return write(f.span(f.piece), foreign.STATEMENTS[word])
    if f.next() in ("=", ":") and f.piece.kind == "word" and "NAME" not in f.next(2):
        return Fix(
            f"a step begins with `let`: `let {word} = …`", (Edit(f.at(f.piece.start), "let "),)
        )
    near = nearest(word, STATEMENTS) if f.piece.kind == "word" else ""
    return write(f.span(f.piece), near, f"`{near}` is near: was that meant?") if near else None


def _assignment(f: Found) -> Fix | None:
    """`:=`, `==`, `:` and `: Type =` behind the name of a step or constant."""
    colon = f.last if f.last is not None and f.last.text == ":" and len(f.before) > 2 else None
    if colon and f.before[-3].text == "const" and f.piece.kind in ("number", "text", "mark"):
        until = f.piece if f.piece.text == "=" else colon
        return write(f.span(colon, until), " =" if until is colon else "=", "write `=`")
    if "EQUAL" not in f.accepts or f.piece.text not in (":", "=="):
        return None
    if f.piece.text == "==":
        return write(f.span(f.piece), "=")
    if f.next() == "=":
        return write(f.span(f.piece, f.after[1]), "=")
    line = [f.piece, *line_of(f.after[1:])]
    equals = next((p for p in line if p.text == "="), None)
    if equals is not None:
        at = Span(f.source, f.piece.start, equals.start)
        return write(at, "", "leave the type out: a step has the type of what it gives")
    return write(f.span(f.piece), " =" if _touches(f) else "=", "write `=`")


def line_of(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces that stand before the next line break."""
    for piece in pieces:
        if piece.lines:
            return
        yield piece


def _touches(f: Found) -> bool:
    """Whether the token stands right behind the one before."""
    return f.last is not None and f.last.end == f.piece.start


def _arrow(f: Found) -> Fix | None:
    """A result without `->`, or behind another mark."""
    if ARROW not in f.accepts:
        return None
    piece = f.piece
    if piece.text == "=" and f.next() == ">":
        return write(f.span(piece, f.after[1]), "->")
    if piece.text in (":", "=", "-", ">"):
        return write(f.span(piece), " ->" if _touches(f) else "->", "write `->`")
    if piece.text in ("{", "from") or piece.kind == "text":
        return write(f.at(piece.start), "-> Text ", "say what it gives, such as `-> Text`")
    return write(f.at(piece.start), "-> ", f"write `-> {piece.text}`") if _names(piece) else None


def _names(piece: Piece) -> bool:
    return piece.kind == "word" or piece.text == "["


def _colon(f: Found) -> Fix | None:
    """`=` where `:` belongs, or neither of them."""
    if f.piece.text == "=" and "COLON" in f.accepts:
        return write(_with_blanks(f), ": ", "write `:`")
    if f.piece.text == "=" and _labels(f):
        return write(_with_blanks(f), ": ", "an argument's name stands before `:`")
    if "COLON" in f.accepts and f.piece.text in (",", ")"):
        return write(f.at(f.piece.start), ": Text", "say what it is, such as `: Text`")
    if "COMMA" in f.accepts:
        return None
    if "COLON" in f.accepts and (f.piece.kind in ("word", "text", "number") or f.piece.text == "["):
        return write(f.at(f.last.end if f.last else 0), ":", "write `:` between the two")
    return None


def _labels(f: Found) -> bool:
    """Whether the word before stands where the name of an argument could."""
    behind = f.before[-2].text if len(f.before) > 1 else ""
    return f.last is not None and f.last.kind == "word" and behind in ("(", ",") and _inside(f)


def _inside(f: Found) -> bool:
    """Whether round brackets are open."""
    depth = 0
    for piece in reversed(f.before):
        depth += (piece.text in CLOSES.values()) - (piece.text in CLOSES)
        if depth < 0:
            return piece.text == "("
    return False


def _with_blanks(f: Found) -> Span:
    """The token with the blanks around it."""
    start = f.last.end if f.last and not f.piece.lines else f.piece.start
    follows = f.after[1] if len(f.after) > 1 and not f.after[1].lines else f.piece
    return Span(f.source, start, follows.start if follows is not f.piece else f.piece.end)


def _equality(f: Found) -> Fix | None:
    """Comparisons as they are written elsewhere."""
    two = f.piece.text + f.next()
    if two == "=>":
        return Fix(foreign.ADVICE["lambda"])
    if f.piece.text == ">" and f.last is not None and f.last.text == "<":
        return write(f.span(f.last, f.piece), "!=")
    if f.piece.text == "=" and f.last is not None and f.last.text in ("==", "!="):
        return write(f.span(f.last, f.piece), f.last.text)
    if f.piece.text == "=" and f.last is not None and f.last.text in "+-*/%" and f.last.text:
        return Fix("a name means one thing: give the new value a name of its own")
    if f.piece.text == "=" and "PLUS" in f.accepts:
        return write(f.span(f.piece), "==")
    if f.piece.text == "is":
        negated = f.next() == "not"
        return write(f.span(f.piece, f.after[1] if negated else None), "!=" if negated else "==")
    if f.piece.text == "not" and f.next() == "in":
        return Fix("turn the whole condition round: `not (a in b)`")
    if f.piece.text == "*" and f.last is not None and f.last.text == "*":
        return Fix(foreign.MARKS["^"])
    if f.piece.text in foreign.OPERATORS and foreign.OPERATORS[f.piece.text].upper() in f.accepts:
        return write(f.span(f.piece), foreign.OPERATORS[f.piece.text])
    return None


def _choice(f: Found) -> Fix | None:
    """`elif`, and `if` with braces, a colon or question mark."""
    if "ELSE" in f.accepts and f.piece.text.lower() in ("elif", "elsif", "elseif", "elsf"):
        return write(f.span(f.piece), "else if")
    if "THEN" in f.accepts and f.piece.text == ":":
        return write(f.span(f.piece), " then" if _touches(f) else "then", "write `then`")
    if "THEN" in f.accepts and f.piece.text == "{":
        return _braces(f)
    if f.piece.text == "?" and f.next() not in ("{", ",", ")"):
        return Fix("a choice is written `if … then … else …`")
    return None


def _braces(f: Found) -> Fix:
    """`if a { b } else { c }` without its braces."""
    edits, at, word = [], 0, "then"
    while word:
        end = f.closing(at)
        if end is None or f.next(end) != "}":
            break
        opened = Edit(f.span(f.after[at]), "then " if word == "then" else "")
        edits += [opened, Edit(f.span(f.after[end]), "")]
        word, at = ("else", end + 2) if f.next(end + 1) == "else" else ("", end)
        if word and f.next(at) != "{":
            break
    return Fix("a choice is a value: `if … then … else …`, without braces", tuple(edits))


def _brackets(f: Found) -> Fix | None:
    """Types and items in square brackets."""
    if f.piece.text != "[" or f.last is None or f.last.kind not in ("word", "mark"):
        return None
    end = f.closing(0)
    word = f.last.text
    if end is None or word not in ELSEWHERE:
        return _suffix(f, end)
    if word in foreign.RECORDS:
        return Fix("declare a `record` with the fields, and write its name here")
    inner = f.source.text[f.piece.end : f.after[end].start].strip()
    if word in foreign.MAPS:
        return write(f.span(f.last, f.after[end]), f"Map<{inner}>")
    inner = inner.split(",")[0].strip()
    ours = f"[{inner}]" if word in foreign.LISTS else f"{inner}?"
    return write(f.span(f.last, f.after[end]), ours)


def _optional(f: Found) -> Fix | None:
    """`?` behind the `max` of a type."""
    if f.piece.text != "?" or len(f.before) < 3 or f.before[-2].text != "max":
        return None
    edits = (Edit(f.at(f.before[-3].end), "?"), Edit(f.span(f.piece), ""))
    return Fix(f"`?` stands behind the type: `{f.before[-3].text}? max {f.before[-1].text}`", edits)


def _suffix(f: Found, end: int | None) -> Fix | None:
    """`T[]`, and `xs[0]`."""
    if f.last is None or f.piece.lines:
        return None
    if end == 1 and f.last.kind == "word":
        return write(f.span(f.last, f.after[1]), f"[{f.last.text}]")
    return Fix("an item is taken by a function: `first(xs)`, `at(xs, 2)`, `take(xs, 3)`")


def _text(f: Found) -> Fix | None:
    """`f"…"`: a letter right before a text."""
    letter = f.last
    if len(f.after) > 1 and f.after[1].kind == "text" and f.after[1].start == f.piece.end:
        letter = f.piece
    elif f.piece.kind != "text" or letter is None or not _touches(f):
        return None
    if letter.text.lower() not in ("f", "b", "u", "rb", "br", "fr", "rf"):
        return None
    return write(f.span(letter), "", f"leave the `{letter.text}` out")


def _keyword(f: Found) -> Fix | None:
    """A keyword that is misspelt or left out."""
    known = [k for k in KEYWORDS if k.upper() in f.accepts]
    if f.piece.kind != "word" or not known:
        return None
    near = nearest(f.piece.text, known)
    if near and near != f.piece.text:
        return write(f.span(f.piece), near, f"`{near}` is near: was that meant?")
    return None


def _separator(f: Found) -> Fix | None:
    """A comma too many between lines, or one too few between arguments."""
    if f.piece.text == "," and "LET" in f.accepts:
        return write(f.span(f.piece), "", "lines of a body need no comma")
    if f.piece.kind == "mark" or "COMMA" not in f.accepts or f.accepts.isdisjoint({"RPAR", "RSQB"}):
        return None
    return Fix("write a comma between the two", (Edit(f.at(f.last.end if f.last else 0), ","),))


def _brace(f: Found) -> Fix | None:
    """A body that is not opened."""
    if "LBRACE" not in f.accepts or f.piece.text not in ("let", "return", "require"):
        return None
    return Fix("open the body with `{`", (Edit(f.at(f.last.end if f.last else 0), " {"),))


def _nothing(f: Found) -> Fix | None:
    """`return` without a value, and a comment of another language."""
    if f.last is not None and f.last.text in ("return", "require", "="):
        if f.piece.text in "})" or f.piece.text in STATEMENTS:
            return Fix(f"say what stands behind `{f.last.text}`: `{f.last.text} …`")
    if f.piece.text == "/" and f.next() == "*":
        return _block_comment(f, f.piece.start)
    if f.piece.text == "*" and f.last is not None and f.last.text == "/" and _touches(f):
        return _block_comment(f, f.last.start)
    if f.piece.text == ":" and "LBRACE" in f.accepts:
        return Fix("a body stands in braces: `{ … }`")
    return None


def _block_comment(f: Found, start: int) -> Fix:
    """`/* … */` as lines that begin with `//`."""
    text = f.source.text
    end = text.find("*/", start)
    if end < 0:
        return Fix("a comment begins with // and ends with its line")
    inner = text[start + 2 : end].replace("\n", "\n//")
    rest = text[end + 2 :].lstrip(" ")
    made = "//" + (" " if inner[:1] not in (" ", "\n") else "") + inner.rstrip()
    after = "" if rest.startswith(("\n", "\r")) or not rest else "\n"
    return write(Span(f.source, start, end + 2), made + after, "a comment begins with //")


RULES: Sequence[Callable[[Found], Fix | None]] = (
    _brace, _nothing, _assignment, _arrow, _optional, _choice, _brackets, _text, _statement, _colon,
    _equality, _keyword, _separator,
)  # fmt: skip
