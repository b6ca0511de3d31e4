"""Tracebacks of Monty as a model should see them: without our own functions, and with the lines
that the model wrote in place of those that `monty_rewrite` made of them."""

from __future__ import annotations

import ast
import re

OURS = 2  # programs that were run before the first cell
FRAME = re.compile(r'  File "<python-input-(\d+)>", line (\d+)')
INNER = re.compile(r"\b__(?!init__|str__|repr__|name__|call__|eq__|hash__|iter__|next__)\w+\(")


def told(words: str) -> str:
    """A traceback without the frames of our own functions, nor calls of them."""
    kept, ours, restored = list[str](), False, False
    for line in words.splitlines():
        if found := FRAME.match(line):
            ours, restored = int(found[1]) < OURS, False
            line = f'  File "<cell>", line {found[2]}'
        elif not line.startswith(" "):
            ours = restored = False
        elif not ours and INNER.search(line):
            line, restored = _as_written(line), True
        elif restored:  # marks below a line that stands otherwise now
            continue
        if not ours and line:
            kept.append(line)
    return "\n".join(kept)


def _as_written(line: str) -> str:
    """A line of a cell before it was rewritten; nothing where that cannot be told."""
    text = line.strip()
    for end in ("", " pass"):
        try:
            tree = ast.fix_missing_locations(Restore().visit(ast.parse(text + end)))
        except (SyntaxError, ValueError, RecursionError):
            continue
        found = ast.unparse(tree).removesuffix("\n    pass")
        return "" if INNER.search(found) else f"    {found}"
    return ""


class Restore(ast.NodeTransformer):
    """What `monty_rewrite` does, undone."""

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        """`x = __delete(x, 'x')`."""
        value = node.value
        named = isinstance(value, ast.Call) and isinstance(value.func, ast.Name)
        if named and ast.unparse(value).startswith("__delete("):
            return ast.Delete([ast.Name(ast.unparse(node.targets[0]), ast.Del())])
        self.generic_visit(node)
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Calls of the prelude."""
        self.generic_visit(node)
        if not isinstance(node.func, ast.Name) or not node.args:
            return node
        inner, first, rest = node.func.id, node.args[0], node.args[1:]
        match inner, rest:
            case "__live" | "__each", _:
                return first
            case "__get", [key]:
                return ast.Subscript(first, key, ast.Load())
            case "__cut", [*ends]:
                given = [None if ast.unparse(e) == "None" else e for e in ends]
                return ast.Subscript(first, ast.Slice(*given), ast.Load())
            case "__in", [whole]:
                return ast.Compare(first, [ast.In()], [whole])
            case "__unbound", [owner, *args] if isinstance(first, ast.Constant):
                return _method(owner, str(first.value), args, node.keywords)
            case "__pat_sub" | "__pat_subn" | "__translate", args:
                method = inner.removeprefix("__").removeprefix("pat_")
                return _method(first, method, args, node.keywords)
            case "__maketrans", args:
                return _method(ast.Name("str"), "maketrans", [first, *args], node.keywords)
        return node


def _method(
    owner: ast.expr, method: str, args: list[ast.expr], keywords: list[ast.keyword]
) -> ast.Call:
    return ast.Call(ast.Attribute(owner, method, ast.Load()), args, keywords)
