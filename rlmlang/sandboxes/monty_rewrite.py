"""Ordinary Python to the subset that Monty takes: a pass over the syntax tree on the host.

Nothing is executed here and no authority is added. Modules that Monty lacks are written in its own
subset in `monty_prelude.txt`, which runs inside the sandbox, as `__m_NAME`. What cannot be
rewritten raises UnsupportedError, so that the model can be told, or a fuller sandbox be taken.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

MOST = 100_000  # characters of a cell; a parser takes gigabytes for a literal of megabytes
ADDED = frozenset(
    "ast heapq statistics string operator io traceback concurrent.futures pprint textwrap difflib"
    .split()
)  # fmt: skip
OVERLAID = {
    "json": {"dumps"}, "re": {"sub", "subn", "compile", "VERBOSE", "X"},
    "collections": {"OrderedDict"},
}  # fmt: skip
METHODS = frozenset(
    "get lower upper strip lstrip rstrip split splitlines startswith endswith count index find "
    "title casefold isdigit isalpha append add pop items keys values replace join format "
    "capitalize group".split()
)
TYPES = frozenset("str dict list int float set".split())
TAKERS = frozenset(
    "map filter reduce starmap takewhile dropwhile accumulate groupby defaultdict submit".split()
)
ITERATING = frozenset(
    "enumerate list sorted zip tuple set frozenset sum any all max min iter reversed map filter "
    "Counter deque dict".split()
)
SEVERAL = ("union", "intersection", "difference")  # of sets, which Monty gives one argument
KEYWORDS = frozenset("key default default_factory func".split())
BASES = ("LookupError", "ArithmeticError", "NotImplementedError", "AssertionError")
UNHEARD = frozenset("__len__ __lt__ __gt__ __le__ __ge__ __getattr__".split())  # never called
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


class UnsupportedError(SyntaxError):
    """A construct that this sandbox has no form for."""


def desugar(source: str, *, handles: bool = False, deleted: set[str] | None = None) -> str:
    """The same program in Monty's subset; unchanged, with its line numbers, where nothing had to be
    rewritten. With `handles`, what goes into a value may also go into a handle.
    `deleted` are the names that earlier cells have deleted; those of this one are added.

    Raises SyntaxError and UnsupportedError.
    """
    if len(source) > MOST:
        raise SyntaxError(f"a cell of {len(source):,} characters; at most {MOST:,}")
    try:
        tree = ast.parse(source)
        before = ast.dump(tree)
        gone = set() if deleted is None else deleted
        gone |= {t.id for t in _deleted_in(tree)}
        tree = Desugar(gone).visit(tree)
        if handles:
            tree = Reach().visit(tree)
        tree = ast.fix_missing_locations(tree)
        return source if ast.dump(tree) == before else ast.unparse(tree)
    except (RecursionError, MemoryError):
        raise SyntaxError("the cell is nested too deeply") from None
    except (ValueError, UnicodeEncodeError) as mistake:
        raise SyntaxError(str(mistake)) from None


def name(text: str) -> ast.Name:
    """A name that is read."""
    return ast.Name(text, ast.Load())


def call(function: str, *args: ast.expr, keywords: list[ast.keyword] | None = None) -> ast.Call:
    """A call of a function of the prelude."""
    return ast.Call(name(function), list(args), keywords or [])


def added(module: str) -> ast.Name:
    """A module of the prelude."""
    return name("__m_" + module.replace(".", "_"))


class Desugar(ast.NodeTransformer):
    """The rewriting. Errors that a cell declares become built-in ones, for want of inheritance."""

    def __init__(self, deleted: set[str]) -> None:
        self.errors: dict[str, str] = {}
        self.deleted = deleted

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A name that was deleted somewhere is looked at before it is used."""
        if node.id not in self.deleted or not isinstance(node.ctx, ast.Load):
            return node
        return call("__live", node, ast.Constant(node.id))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Methods as values, and calls that Monty lacks."""
        self.generic_visit(node)
        for keyword in node.keywords:
            if keyword.arg in KEYWORDS:
                keyword.value = bound(keyword.value)
        if isinstance(node.func, ast.Name):
            return self._plain_call(node, node.func.id)
        if isinstance(node.func, ast.Attribute):
            return self._method_call(node, node.func)
        return node

    def _plain_call(self, node: ast.Call, function: str) -> ast.Call:
        if function in TAKERS and node.args:
            node.args[0] = bound(node.args[0])
        if (
            function in ("next", "iter")
            and node.args
            and isinstance(node.args[0], ast.GeneratorExp)
        ):
            node.args[0] = call("iter", node.args[0])
        return node

    def _method_call(self, node: ast.Call, function: ast.Attribute) -> ast.Call:
        owner, method = function.value, function.attr
        if method in TAKERS and node.args:
            node.args[0] = bound(node.args[0])
        if isinstance(owner, ast.Name) and owner.id in ("set", "list", "frozenset") and node.args:
            return call("__unbound", ast.Constant(method), *node.args, keywords=node.keywords)
        if method == "write" and isinstance(owner, ast.Attribute) and owner.attr == "stdout":
            end = ast.keyword("end", ast.Constant(""))
            return call("print", *node.args, keywords=[end])
        if method in ("sub", "subn") and not (isinstance(owner, ast.Name) and owner.id == "re"):
            return call(f"__pat_{method}", owner, *node.args, keywords=node.keywords)
        several = len(node.args) > 1 or any(isinstance(x, ast.Starred) for x in node.args)
        if method in SEVERAL and several:
            return call("__unbound", ast.Constant(method), owner, *node.args)
        if method == "maketrans":
            return call("__maketrans", *node.args, keywords=node.keywords)
        if method == "translate" and len(node.args) == 1:
            return call("__translate", owner, *node.args)
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.Assign:
        """A generator that is kept is one that `next` can be asked of."""
        self.generic_visit(node)
        node.value = kept(node.value)
        return node

    def visit_Return(self, node: ast.Return) -> ast.Return:
        """And one that is given back."""
        self.generic_visit(node)
        node.value = None if node.value is None else kept(node.value)
        return node

    def visit_Delete(self, node: ast.Delete) -> list[ast.stmt]:
        """A deleted name is marked, a deleted item is popped."""
        return [_deleted(target) for whole in node.targets for target in _flat(whole)]

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """A generator collects what it yields and gives an iterator over it."""
        self.generic_visit(node)
        if not yields(node.body):
            return node
        collected = [s for s in map(Collect().visit, node.body) if isinstance(s, ast.stmt)]
        if yields(collected):
            raise UnsupportedError("`yield` as an expression")
        start = ast.Assign([ast.Name("__y", ast.Store())], ast.List([], ast.Load()))
        node.body = [start, *collected, ast.Return(call("iter", name("__y")))]
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.stmt:
        """`object` as a base goes; an error of one's own becomes one that is built in."""
        unheard = UNHEARD & {s.name for s in node.body if isinstance(s, ast.FunctionDef)}
        if unheard:
            raise UnsupportedError(f"`{min(unheard)}` of a class of one's own")
        self.generic_visit(node)
        if len(node.bases) != 1 or not isinstance(node.bases[0], ast.Name):
            return node
        base = node.bases[0].id
        empty = all(
            isinstance(s, ast.Pass)
            or (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))
            for s in node.body
        )
        if base == "object":
            node.bases = []
        elif empty and (base.endswith(("Error", "Exception")) or base in self.errors):
            plain = base in ("Exception", "BaseException")
            self.errors[node.name] = BASES[len(self.errors) % len(BASES)] if plain else base
            stands = name(self.errors[node.name])
            return ast.Assign([ast.Name(node.name, ast.Store())], stands)
        return node

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        """Modules of the prelude are names."""
        kept = [a for a in node.names if a.name not in ADDED and a.name not in OVERLAID]
        made: list[ast.stmt] = [ast.Import(kept)] if kept else []
        for alias in node.names:
            if alias not in kept:
                target = ast.Name(alias.asname or alias.name.split(".")[0], ast.Store())
                made.append(ast.Assign([target], added(alias.name)))
        return [ast.copy_location(x, node) for x in made]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.stmt | list[ast.stmt]:
        """Names from modules of the prelude."""
        module = node.module or ""
        overlaid = any(a.name in OVERLAID.get(module, ()) for a in node.names)
        if module not in ADDED and not overlaid:
            return node
        return [
            ast.Assign(
                [ast.Name(a.asname or a.name, ast.Store())],
                ast.Attribute(added(module), a.name, ast.Load()),
            )
            for a in node.names
        ]


class Reach(ast.NodeTransformer):
    """Indexing, iterating and `in` as plain calls: Monty asks nothing of the host from within a
    special method."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """`x[k]` and `x[a:b]`, where they are read."""
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Load):
            return node
        if isinstance(node.slice, ast.Slice):
            ends = (node.slice.lower, node.slice.upper, node.slice.step)
            return call("__cut", node.value, *(e or ast.Constant(None) for e in ends))
        return call("__get", node.value, node.slice)

    def visit_For(self, node: ast.For) -> ast.For:
        """`for x in xs`."""
        self.generic_visit(node)
        node.iter = call("__each", node.iter)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.comprehension:
        """`… for x in xs`."""
        self.generic_visit(node)
        node.iter = call("__each", node.iter)
        return node

    def visit_Call(self, node: ast.Call) -> ast.Call:
        """Built-in functions that iterate."""
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id in ITERATING:
            node.args = [a if isinstance(a, ast.Starred) else call("__each", a) for a in node.args]
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        """`x in xs`."""
        self.generic_visit(node)
        if len(node.ops) != 1 or not isinstance(node.ops[0], ast.In | ast.NotIn):
            return node
        made = call("__in", node.left, node.comparators[0])
        return made if isinstance(node.ops[0], ast.In) else ast.UnaryOp(ast.Not(), made)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        """Types stay as they are."""
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_arguments(self, node: ast.arguments) -> ast.arguments:
        """Types of parameters, too."""
        node.defaults = [self.visit(d) for d in node.defaults]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        """And of results."""
        returns, node.returns = node.returns, None
        self.generic_visit(node)
        node.returns = returns
        return node


class Collect(ast.NodeTransformer):
    """`yield x` as `__y.append(x)`; inner functions are left alone."""

    def visit(self, node: ast.AST) -> ast.AST:
        """A statement of a generator."""
        if isinstance(node, SCOPES):
            return node
        if isinstance(node, ast.Return):
            return ast.Return(call("iter", name("__y")))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Yield | ast.YieldFrom):
            value = node.value.value or ast.Constant(None)
            method = "append" if isinstance(node.value, ast.Yield) else "extend"
            function = ast.Attribute(name("__y"), method, ast.Load())
            return ast.Expr(ast.Call(function, [value], []))
        return self.generic_visit(node)


def kept(value: ast.expr) -> ast.expr:
    """A generator expression as an iterator."""
    return call("iter", value) if isinstance(value, ast.GeneratorExp) else value


def yields(body: list[ast.stmt]) -> bool:
    """Whether statements yield, those of inner functions aside."""
    return any(isinstance(x, ast.Yield | ast.YieldFrom) for s in body for x in _inside(s))


def _inside(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, SCOPES):
            yield from _inside(child)


def bound(value: ast.expr) -> ast.expr:
    """A method used as a value, as a function that calls it."""
    if not isinstance(value, ast.Attribute) or value.attr not in METHODS:
        return value
    unbound = isinstance(value.value, ast.Name) and value.value.id in TYPES
    args = [ast.arg("__s")] if unbound else []
    owner = name("__s") if unbound else value.value
    rest = ast.Starred(name("__a"), ast.Load())
    made = ast.Call(ast.Attribute(owner, value.attr, ast.Load()), [rest], [])
    takes = ast.arguments([], args, ast.arg("__a"), [], [], None, [])
    return ast.Lambda(takes, made)


def _flat(target: ast.expr) -> list[ast.expr]:
    """The targets inside of brackets."""
    if isinstance(target, ast.Tuple | ast.List):
        return [inner for each in target.elts for inner in _flat(each)]
    return [target]


def _deleted_in(tree: ast.AST) -> Iterator[ast.Name]:
    """The names that a program deletes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Delete):
            flat = (inner for target in node.targets for inner in _flat(target))
            yield from (inner for inner in flat if isinstance(inner, ast.Name))


def _deleted(target: ast.expr) -> ast.stmt:
    if isinstance(target, ast.Name):
        marked = call("__delete", name(target.id), ast.Constant(target.id))
        return ast.Assign([ast.Name(target.id, ast.Store())], marked)
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Slice):
        place = ast.Subscript(target.value, target.slice, ast.Store())
        return ast.Assign([place], ast.List([], ast.Load()))
    if isinstance(target, ast.Subscript):
        function = ast.Attribute(target.value, "pop", ast.Load())
        return ast.Expr(ast.Call(function, [target.slice], []))
    raise UnsupportedError("`del` of an attribute")
