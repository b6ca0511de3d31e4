"""The one layout of a recipe: `format_file` keeps every comment and changes no meaning.

Braces open blocks of one item a line, two spaces deep; a bracket that does not fit its line puts
one item on each; what was written on one line and fits stays on one line.
"""

from __future__ import annotations

from typing import TypeGuard

from rlmlang.diagnostics.source import SourceFile
from rlmlang.syntax import tree as t
from rlmlang.syntax.outline import Element, Group, Marks, marks_of, outline
from rlmlang.syntax.scan import Piece
from rlmlang.syntax.texts import without_margin

WIDTH = 96
STEP = "  "


def format_file(source: SourceFile, file: t.File) -> str:
    """The text of a parsed file in its canonical layout, ending in one line break."""
    layout = Layout(marks_of(file))
    blocks = [(layout.item(item, ""), item) for item in outline(source.text, file)]
    lines: list[str] = []
    for index, (block, item) in enumerate(blocks):
        if index and _blank_between(blocks[index - 1], (block, item)):
            lines.append("")
        lines += block
    return "\n".join(lines) + "\n"


def _blank_between(
    before: tuple[list[str], list[Element]], after: tuple[list[str], list[Element]]
) -> bool:
    """One empty line between declarations; one-liners may stand together, as written."""
    first, second = before[1][0], after[1][0]
    comments = [isinstance(e, Piece) and e.kind == "comment" for e in (first, second)]
    if _lines(second) >= 2 or comments[0]:
        return _lines(second) >= 2
    return len(before[0]) > 1 or (len(after[0]) > 1 and not comments[1])


def _lines(element: Element) -> int:
    return element.lines if isinstance(element, Piece) else element.open.lines


class Layout:
    """Lays out items at an indent; `marks` tells types and signs from comparisons and sums."""

    def __init__(self, marks: Marks) -> None:
        self.marks = marks

    def item(self, elements: list[Element], indent: str) -> list[str]:
        """One item as lines: documentation first, then the rest, broken where it must be."""
        docs = [e for e in elements if isinstance(e, Piece) and e.kind == "doc"]
        rest = [e for e in elements if e not in docs]
        lines = [indent + _doc(d.text) for d in docs]
        return lines + (self._statement(rest, indent) if rest else [])

    def _statement(self, elements: list[Element], indent: str) -> list[str]:
        broken = {id(e) for e in elements if isinstance(e, Group) and self._must_break(e)}
        while True:
            lines, own = self._flow(elements, indent, broken)
            fits = max(len(_without_comment(lines[i])) for i in own) <= WIDTH
            widest = None if fits else self._widest(elements, broken)
            if widest is None:
                return lines
            broken.add(id(widest))

    def _widest(self, elements: list[Element], broken: set[int]) -> Group | None:
        """The bracket to open when a line is too long: the one that holds most."""
        groups = [
            e
            for e in elements
            if isinstance(e, Group) and id(e) not in broken and e.items and _breakable(e)
        ]
        return max(groups, key=lambda g: len(self._inline(g)), default=None)

    def _flow(
        self, elements: list[Element], indent: str, broken: set[int]
    ) -> tuple[list[str], list[int]]:
        """The lines of a statement, and which of them are its own and no inner item's."""
        lines = [indent]
        own = {0}
        previous: Element | None = None
        for element in elements:
            if isinstance(previous, Piece) and previous.kind == "comment":
                lines.append(indent + STEP * 2)
            elif previous is not None:
                lines[-1] += self._gap(previous, element)
            if isinstance(element, Piece):
                self._piece(element, indent, lines)
            elif id(element) in broken:
                self._open(element, indent, lines)
            else:
                lines[-1] += self._inline(element)
            own.add(len(lines) - 1)
            previous = element
        return lines, sorted(own)

    def _piece(self, piece: Piece, indent: str, lines: list[str]) -> None:
        mark, block, rest = piece.text.partition('"""')
        if mark in ("", "r") and block and "\n" in rest:
            inner = indent + STEP
            body = without_margin(rest[:-3]).split("\n")
            lines[-1] += mark + block
            lines += [inner + x if x else "" for x in body]
            lines.append(inner + '"""')
        else:
            lines[-1] += piece.text.rstrip()

    def _open(self, group: Group, indent: str, lines: list[str]) -> None:
        """A bracket with one item a line."""
        lines[-1] += group.kind
        inner = indent + STEP
        items = group.items
        if len(items[0]) == 1 and _trails(items[0][0]):
            self._piece(Piece("comment", "  " + items[0][0].text, 0, 0, 0), indent, lines)
            items = items[1:]
        for index, item in enumerate(items):
            if index and group.kind == "{" and _lines(item[0]) >= 2:
                lines.append("")
            lines += self._with_comma(item, inner) if group.listed else self.item(item, inner)
        lines.append(indent + (group.close.text if group.close else ""))

    def _with_comma(self, item: list[Element], indent: str) -> list[str]:
        comments = [e for e in item if isinstance(e, Piece) and e.kind == "comment"]
        rest = [e for e in item if e not in comments]
        if not rest:
            return self.item(item, indent)
        lines = self.item(rest, indent)
        lines[-1] += "," + "".join("  " + c.text.rstrip() for c in comments[:1])
        return lines + [indent + c.text.rstrip() for c in comments[1:]]

    def _inline(self, group: Group) -> str:
        close = group.close.text if group.close else ""
        if not group.items:
            return group.kind + close
        inner = ", ".join(self._line(item) for item in group.items)
        return f"{{ {inner} }}" if group.kind == "{" else f"{group.kind}{inner}{close}"

    def _line(self, item: list[Element]) -> str:
        out = ""
        for index, element in enumerate(item):
            out += self._gap(item[index - 1], element) if index else ""
            out += element.text if isinstance(element, Piece) else self._inline(element)
        return out

    def _must_break(self, group: Group) -> bool:
        """Whether a bracket was opened over several lines, or holds what needs a line."""
        if not group.items:
            return False
        first = group.items[0][0]
        if group.body:
            return True
        if _lines(first) > 0 and _breakable(group):
            return True
        return any(self._needs_lines(e) for item in group.items for e in item)

    def _needs_lines(self, element: Element) -> bool:
        if isinstance(element, Group):
            return self._must_break(element)
        return element.kind in ("comment", "doc") or "\n" in element.text

    def _gap(self, left: Element, right: Element) -> str:
        if isinstance(right, Piece) and right.kind == "comment":
            return "  "
        if isinstance(right, Group):
            return "" if right.tight or self._glues(left) else " "
        if right.text in (",", ":", "?", ".", "..") or self._glues(left):
            return ""
        angle = right.text in ("<", ">") and self._generic(right)
        return "" if angle else " "

    def _glues(self, left: Element) -> bool:
        """Whether nothing may stand between this and what follows."""
        if isinstance(left, Group) or left.kind != "mark":
            return False
        sign = left.text == "-" and left.start in self.marks.minus
        return left.text in (".", "..") or sign or (left.text == "<" and self._generic(left))

    def _generic(self, piece: Piece) -> bool:
        return self.marks.in_type(piece.start) or piece.start in self.marks.generics


def _without_comment(line: str) -> str:
    """A line without a comment at its end, which may be as long as it likes."""
    at = line.rfind("  // ")
    return line[:at] if at > 0 else line


def _trails(element: Element) -> TypeGuard[Piece]:
    return isinstance(element, Piece) and element.kind == "comment" and element.lines == 0


def _breakable(group: Group) -> bool:
    return group.kind == "{" or group.listed


def _doc(text: str) -> str:
    words = text[3:].strip()
    return f"/// {words}" if words else "///"
