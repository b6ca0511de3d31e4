"""What a syntax error means: the parser's complaint turned into a coded, readable problem."""

from __future__ import annotations

import re
import unicodedata

from lark.exceptions import UnexpectedInput, UnexpectedToken

from rlmlang.diagnostics.diagnostic import Diagnostic, Label, error
from rlmlang.diagnostics.fix import Edit, Fix, write
from rlmlang.diagnostics.source import SourceFile, Span
from rlmlang.diagnostics.suggest import nearest
from rlmlang.schema import foreign, words
from rlmlang.syntax import verbs as v
from rlmlang.syntax.foreign import Found, fix_of
from rlmlang.syntax.marks import character, imported
from rlmlang.syntax.scan import CLOSING, DECLARATIONS, OPENING, Piece, scan, swallowed, unclosed

OTHER_WORDS = "let return require if then else not and or in true false none for as by with"
RESERVED = frozenset((*v.WORDS, *OTHER_WORDS.split()))
EXPECTED = {
    "NAME": "a name", "NUMBER": "a number", "STRING": "text", "BLOCK": "text", "LBRACE": "`{`",
    "RBRACE": "`}`", "LPAR": "`(`", "RPAR": "`)`", "LSQB": "`[`", "RSQB": "`]`", "COLON": "`:`",
    "COMMA": "`,`", "EQUAL": "`=`", "DOT": "`.`", "__ANON_0": "`->`", "BY": "`by`",
    "WITH": "`with`", "FOR": "`for`", "THEN": "`then`", "ELSE": "`else`", "ACCEPT": "`accept`",
    "RUNG": "`rung`", "FROM": "`from`", "WEIGHT": "`weight`", "RETURNS": "`returns`",
    "RECIPE": "`recipe`", "PATTERN": "`pattern`",
}  # fmt: skip
OPERATORS = {
    "PLUS",
    "MINUS",
    "TIMES",
    "DIVIDE",
    "MODULO",
    "AND",
    "OR",
    "DOT",
    "__ANON_3",
    "LESSTHAN",
}


def diagnose(source: SourceFile, text: str, mistake: UnexpectedInput, at: int) -> Diagnostic:
    """The problem behind a parse error at character `at` of `text`."""
    pieces = [p for p in scan(text) if p.kind not in ("comment", "doc")]
    before = [p for p in pieces if p.start < at]
    if (named := _foreign_name(source, text, at)) is not None:
        return named
    if not isinstance(mistake, UnexpectedToken):
        return _character(source, text, at)
    if mistake.token.type == "$END":
        return _end(source, text, mistake)
    if (begun := swallowed(pieces, text, at)) is not None:
        return error(
            "unexpected-token",
            f"found `{begun.text}` where the declaration before it goes on",
            Span(source, begun.start, begun.end),
            hint="finish what stands before it",
        )
    if (opened := unclosed(pieces, text, at)) is not None:
        return _unclosed(source, pieces, opened, at)
    span = Span(source, at, at + max(1, len(str(mistake.token))))
    if mistake.token.type == "DOC":
        return _misplaced_doc(source, text, at)
    found = Found(source, before, [p for p in pieces if p.start >= at], frozenset(mistake.accepts))
    return (
        _declaration(found, span)
        or _loose_unit(source, mistake, span, before)
        or _verb(found, span)
        or _mended(found, mistake, span)
        or _reserved(mistake, span)
        or _unexpected(mistake, span, _form(found))
    )


def _mended(found: Found, mistake: UnexpectedToken, span: Span) -> Diagnostic | None:
    """What is known from another language, or misspelt."""
    fix = fix_of(found) if found.after else None
    return _unexpected(mistake, span, fix) if fix is not None else None


def _character(source: SourceFile, text: str, at: int) -> Diagnostic:
    char = text[at : at + 1]
    if text.startswith("///", at) or text[max(0, at - 2) : at + 1] == "///":
        return _misplaced_doc(source, text, at)
    if char == '"':
        return _unclosed_text(source, text, at)
    shown = char if char.isprintable() else f"U+{ord(char):04X}" if char else "the end"
    hint = foreign.MARKS.get(char, "remove it, or put it between double quotes")
    return error(
        "unexpected-character",
        f"`{shown}` has no meaning here",
        Span(source, at, at + 1),
        hint=character(source, at) or hint,
    )


def _foreign_name(source: SourceFile, text: str, at: int) -> Diagnostic | None:
    """A word with letters that a name does not take; None where no such word stands."""
    start, end = at, at
    while start > 0 and _of_a_word(text[start - 1]):
        start -= 1
    while end < len(text) and _of_a_word(text[end]):
        end += 1
    word = text[start:end]
    if word.isascii():
        return None
    plain = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
    near = plain.isidentifier() and len(plain) == len(unicodedata.normalize("NFC", word))
    fix = f"call it `{plain}`" if near else "write it with those"
    return error(
        "unexpected-character",
        f"`{word}` is no name: names are made of the letters a–z and A–Z, digits and _",
        Span(source, start, end),
        hint=f"{fix}, or put it between double quotes if it is text",
    )


def _of_a_word(char: str) -> bool:
    """Letters, digits and accents of any script."""
    return char == "_" or char.isalnum() or unicodedata.category(char).startswith("M")


def _misplaced_doc(source: SourceFile, text: str, at: int) -> Diagnostic:
    start = text.rfind("///", 0, at + 3)
    end = text.find("\n", start)
    comment = write(
        Span(source, start, start + 3),
        "//",
        "move it above what it describes, or make it a comment with //",
    )
    return error(
        "misplaced-documentation",
        "documentation stands before nothing that can carry it",
        Span(source, start, end if end >= 0 else len(text)),
        reason="A /// line describes the declaration, field, label, parameter or step below it.",
        hint=comment,
    )


def _unclosed_text(source: SourceFile, text: str, at: int) -> Diagnostic:
    block = text.startswith('"""', at)
    end = len(text) if block else (text + "\n").find("\n", at)
    close = '"""' if block else '"'
    return error(
        "unclosed-text",
        "the text that begins here never ends",
        Span(source, at, min(end, at + 40)),
        reason="" if block else "Text between single double quotes ends on its own line.",
        hint=f"close it with {close}" + ("" if block else '; several lines stand between """'),
    )


def _end(source: SourceFile, text: str, mistake: UnexpectedToken) -> Diagnostic:
    """The file ends too early: point at the bracket that was left open, if there is one."""
    last = Span(source, max(0, len(text.rstrip()) - 1), max(1, len(text.rstrip())))
    opened = _left_open(text)
    if opened is None:
        return error(
            "unexpected-end",
            f"the file ends where {_wanted(mistake)} was expected",
            last,
            hint="finish the last line, or remove it",
        )
    close = CLOSING[OPENING.index(opened.text)]
    return error(
        "unclosed-bracket",
        f"this `{opened.text}` is never closed",
        Label(Span(source, opened.start, opened.end), "opened here"),
        Label(last, "the file ends here"),
        hint=Fix(f"add `{close}`", (Edit(Span(source, len(text), len(text)), close),)),
    )


def _unclosed(source: SourceFile, pieces: list[Piece], opened: Piece, at: int) -> Diagnostic:
    """A bracket that is open where the next declaration begins."""
    first = source.text[:at].rfind("\n") + 1
    last = max((p for p in pieces if p.start < first), key=lambda p: p.start)
    close = CLOSING[OPENING.index(opened.text)]
    end = Span(source, last.end, last.end)
    return error(
        "unclosed-bracket",
        f"this `{opened.text}` is never closed",
        Label(Span(source, opened.start, opened.end), "opened here"),
        Label(Span(source, last.start, last.end), "the next declaration begins behind this"),
        hint=Fix(f"add `{close}`", (Edit(end, f"\n{close}" if close == "}" else close),)),
    )


def _left_open(text: str) -> Piece | None:
    stack: list[Piece] = []
    for piece in scan(text):
        if piece.kind == "mark" and piece.text in OPENING:
            stack.append(piece)
        elif piece.kind == "mark" and piece.text in CLOSING and stack:
            stack.pop()
    return stack[-1] if stack else None


def _declaration(found: Found, span: Span) -> Diagnostic | None:
    """A declaration whose word is not one, such as `recpe`, or that of another language."""
    word = found.piece.text if found.after else ""
    begins = {"RECIPE", "RECORD"} <= found.accepts and "NAME" not in found.accepts
    if not begins or found.piece.kind != "word":
        return None
    ours = foreign.DECLARATIONS.get(word, "")
    near = ours or nearest(word, DECLARATIONS)
    hint: Fix | str | None = None
    if word in ("import", "from"):
        hint = imported(found.source, found.after)
    if hint is None and near and near != word:
        words = f"write `{ours}`" if ours else f"`{near}` is near: was that meant?"
        hint = write(span, near, words)
    return error(
        "unknown-declaration",
        f"`{word}` does not begin a declaration",
        span,
        hint=hint or foreign.ADVICE.get(word) or _declarations(),
    )


def _verb(found: Found, span: Span) -> Diagnostic | None:
    """A step that begins with a word that is no verb, such as `let x = mapp …`."""
    first = _first_of_step(found)
    if first is None or first.text in v.WORDS or not found.after:
        return None
    near = nearest(first.text, v.WORDS)
    alone = first is found.last and found.piece.kind != "mark" and not found.piece.lines
    if not near or not (alone or found.piece.text in ("with", "by", "where", "for")):
        return None
    at = Span(found.source, first.start, first.end)
    return error(
        "unknown-verb",
        f"`{first.text}` is not a verb",
        at,
        reason=f"The verbs are {', '.join(v.WORDS)}.",
        hint=write(at, near, f"`{near}` is near: was that meant?"),
    )


def _first_of_step(found: Found) -> Piece | None:
    """The word behind the `=`, `return` or bracket that begins what stands before a token."""
    depth = 0
    for before, piece in zip(reversed(found.before[:-1]), reversed(found.before), strict=False):
        depth += (piece.text in CLOSING) - (piece.text in OPENING)
        if depth < 0 or (piece.text == "," and depth == 0):
            return None
        begins = before.text in ("=", "return", "(", "then", "else")
        if depth == 0 and piece.kind == "word" and begins:
            return piece
    return None


def _declarations() -> str:
    return "a declaration begins with one of: " + ", ".join(sorted(DECLARATIONS))


def _reserved(mistake: UnexpectedToken, span: Span) -> Diagnostic | None:
    word = str(mistake.token)
    if word not in RESERVED or "NAME" not in mistake.expected:
        return None
    if word in ("let", "return", "require"):
        return None
    return reserved_word(word, span)


def reserved_word(word: str, span: Span) -> Diagnostic:
    """A word of the language used as a name."""
    return error(
        "reserved-word",
        f"`{word}` is a word of the language and cannot be a name here",
        span,
        reason="Fields, labels and settings may be called so; steps and declarations may not.",
        hint=f"choose another name, such as `{word}_`; a verb inside an expression needs ( )",
    )


UNIT = re.compile(r"[kM]?(tok|ch|KB|MB|GB|ms|s|min|h)|%")


def _loose_unit(
    source: SourceFile, mistake: UnexpectedToken, span: Span, before: list[Piece]
) -> Diagnostic | None:
    last, unit = (before[-1] if before else None), str(mistake.token)
    if len(before) > 1 and UNIT.fullmatch(before[-1].text) and not before[-1].lines:
        last, unit = before[-2], before[-1].text
        span = Span(source, before[-1].start, before[-1].end)
    if not UNIT.fullmatch(unit) or last is None or last.kind != "number":
        return None
    return error(
        "loose-unit",
        f"the unit `{unit}` stands apart from its number",
        Span(source, last.start, span.end),
        reason="White space means nothing, so a loose unit would be read as the next line.",
        hint=write(Span(source, last.start, span.end), f"{last.text}{unit}"),
    )


FORMS = {
    w.text: " ".join(w.form.split()) if "{\n" in w.form else w.form.replace("\n", "` or `")
    for w in (*words.VERBS, *words.DECLARATIONS, *words.LINES, *words.EXPRESSIONS)
    if w.group in ("verb", "declaration") or w.text in ("if", "match", "let", "return", "require")
}


def _form(found: Found) -> Fix | None:
    """How the declaration, step or choice is written that an error stands in."""
    for back, piece in enumerate(reversed(found.before)):
        if piece.kind == "word" and piece.text in FORMS:
            far = piece.text in ("let", "return", "require") and back > 1
            return None if far else Fix(f"it is written `{FORMS[piece.text]}`")
    return None


def _unexpected(mistake: UnexpectedToken, span: Span, fix: Fix | None = None) -> Diagnostic:
    shown = str(mistake.token).split("\n")[0][:40]
    return error(
        "unexpected-token",
        f"found `{shown}` where {_wanted(mistake)} was expected",
        span,
        hint=fix or "compare the line with `rlm explain unexpected-token`",
    )


def _wanted(mistake: UnexpectedToken) -> str:
    """What could stand here, in words, the likely things first."""
    expected = set(mistake.expected or ())
    if len(expected & OPERATORS) >= 4:
        expected -= OPERATORS | {"LPAR", "LBRACE"} if len(expected - OPERATORS) > 2 else set()
    words = [w for key, w in EXPECTED.items() if key in expected]
    unique = list(dict.fromkeys(words))[:4]
    if "NAME" in expected and len(expected) > 40:
        unique = ["a name, a value or a `}`"] if "RBRACE" in expected else ["a name or a value"]
    if not unique:
        return "something else" if len(expected) > 1 else "another word"
    return unique[0] if len(unique) == 1 else ", ".join(unique[:-1]) + " or " + unique[-1]
