"""Python functions of the program that runs a recipe, as tools of the code that models write.

They are typed by their annotations, through pydantic, which also makes the values that they take:
a data class is handed over as one.
"""

from __future__ import annotations

import functools
import inspect
import keyword
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import anyio.to_thread
import pydantic
from pydantic_core import to_jsonable_python

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.ir.expressions import Param
from rlmlang.ir.recipe import HostFunction
from rlmlang.ir.types import ANY, TEXT, Type
from rlmlang.protocols import ToolError
from rlmlang.tools.schema_types import parameters, schemas_of
from rlmlang.value import Json

WORDS, FRAMES = 2_000, 12  # characters of an error that the code is told; lines of it that are kept
PLAIN = (bool, int, float, str)
EMPTY = inspect.Parameter.empty
SEVERAL = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
Function: TypeAlias = "Callable[..., object]"


@dataclass(frozen=True)
class Tool:
    """A Python function that code of a session may call, at most `calls` times in a session (1,000
    where nothing is said). `name` is what it is called there, and `doc` what the model reads of it;
    without them they are the function's own. A `dspy.Tool` is taken as well."""

    function: Function
    calls: int | None = None
    name: str = ""
    doc: str = ""


@dataclass(frozen=True)
class PythonFunction:
    """A function with what is known of it: as the plan and the model see it, and what makes its
    arguments of JSON values."""

    declared: HostFunction
    function: Function
    calls: int | None = None
    made: Mapping[str, pydantic.TypeAdapter[object]] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """What the function does, as far as its own code tells."""
        code = getattr(_plain(self.function), "__code__", None)
        return "" if code is None else f"{code.co_code.hex()}{code.co_consts!r:.1000}"

    async def call(self, arguments: Mapping[str, Json]) -> Json:
        """What it gives, as JSON values. Raises ToolError. A function that is not async runs in a
        thread, and is left alone when nobody waits for it any more."""
        given = self._made(arguments)
        try:
            if inspect.iscoroutinefunction(_plain(self.function)):
                found = self.function(**given)
            else:
                found = await anyio.to_thread.run_sync(
                    lambda: self.function(**given), abandon_on_cancel=True
                )
            if inspect.isawaitable(found):
                found = await found
        except (Exception, SystemExit) as mistake:
            raise ToolError(_words(mistake), _frames(mistake)) from None
        return self._given(found)

    def _made(self, arguments: Mapping[str, Json]) -> dict[str, object]:
        """Arguments as the values that the function wants."""
        try:
            return {
                name: self.made[name].validate_python(value) if name in self.made else value
                for name, value in arguments.items()
            }
        except pydantic.ValidationError as mistake:
            words = "; ".join(
                f"{'.'.join(map(str, e['loc']))} {e['msg']}".strip() for e in mistake.errors()[:5]
            )
            raise ToolError(f"{self.declared.name}: {words}"[:WORDS]) from None

    def _given(self, value: object) -> Json:
        try:
            return cast("Json", to_jsonable_python(value))
        except (ValueError, RecursionError) as mistake:
            words = f"{self.declared.name} gave what is no plain value: {mistake}"
            raise ToolError(words[:WORDS]) from None


def python_function(given: Function | Tool) -> PythonFunction:
    """A function as a tool. Raises CodedError (tool-unusable) for one that code cannot call."""
    tool = given if isinstance(given, Tool) else Tool(given)
    function, theirs = _unwrapped(tool.function)
    name = tool.name or _text(theirs, "name") or _name_of(function)
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("__"):
        raise unusable(
            name,
            "that is no name that code could call it by",
            'give it one: Tool(function, name="look_up")',
        )
    if tool.calls is not None and tool.calls < 1:
        raise unusable(name, f"{tool.calls} calls are none", "leave it out, or allow one at least")
    doc = tool.doc or _text(theirs, "desc") or inspect.getdoc(_plain(function)) or ""
    signature = _signature(name, function)
    params, free, made = _parameters(name, signature, getattr(theirs, "args", None))
    declared = HostFunction(name, params, _result(signature), free=free, doc=" ".join(doc.split()))
    return PythonFunction(declared, function, tool.calls, made)


def unusable(name: str, words: str, hint: str) -> CodedError:
    """The problem `tool-unusable`."""
    return failed("tool-unusable", f"the tool `{name}` cannot be used: {words}", hint=hint)


# ── what a function is ───────────────────────────────────────────────────────


def _unwrapped(function: Function) -> tuple[Function, object]:
    """A function, and the `dspy.Tool` that it was in, if any."""
    inner = getattr(function, "func", None)
    if isinstance(function, functools.partial) or not callable(inner):
        return function, None
    return inner, function


def _plain(function: Function) -> Function:
    """The function itself, out of partial applications and wrappers."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    if isinstance(function, type) or inspect.isroutine(function):
        return function
    method: Function = type(function).__call__
    return method


def _name_of(function: Function) -> str:
    while isinstance(function, functools.partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


def _text(tool: object, name: str) -> str:
    found = getattr(tool, name, None)
    return found if isinstance(found, str) else ""


def _signature(name: str, function: Function) -> inspect.Signature:
    if not callable(function):
        raise unusable(str(name), "it is no function", "hand over a function")
    try:
        return inspect.signature(function, eval_str=True)
    except (ValueError, TypeError):
        words = "Python does not know what it takes"
        raise unusable(name, words, "wrap it in a function with parameters") from None
    except Exception as mistake:  # whatever an annotation does that is evaluated
        words = f"its annotations cannot be read: {mistake}"
        hint = "annotate it with types that are known where it stands"
        raise unusable(name, words, hint) from None


def _parameters(
    name: str, signature: inspect.Signature, schemas: object
) -> tuple[tuple[Param, ...], tuple[tuple[str, str], ...], dict[str, pydantic.TypeAdapter[object]]]:
    """The parameters, the defaults that are shown, and what makes the arguments. `schemas` are
    those of a `dspy.Tool`, for a function that says no more than that it takes names."""
    several = [p.name for p in signature.parameters.values() if p.kind in SEVERAL]
    if several and isinstance(schemas, Mapping):
        needed = [n for n, s in schemas.items() if "default" not in s]
        return *parameters({"properties": schemas, "required": needed}), {}
    if several:
        raise unusable(name, f"`{several[0]}` may be anything", "name its parameters one by one")
    fixed = [p.name for p in signature.parameters.values() if p.kind is p.POSITIONAL_ONLY]
    if fixed:
        raise unusable(name, f"`{fixed[0]}` cannot be given by name", "leave the / out")
    params: list[Param] = []
    made: dict[str, pydantic.TypeAdapter[object]] = {}
    for p in signature.parameters.values():
        if p.annotation is EMPTY:
            params.append(Param(p.name, _type_of_default(p.default)))
        else:
            made[p.name] = _adapter(name, p)
            params.append(Param(p.name, _type(made[p.name])))
    defaults = ((p.name, p.default) for p in signature.parameters.values())
    free = tuple((n, _shown(d)) for n, d in defaults if d is not EMPTY)
    return tuple(sorted(params, key=lambda p: p.name in dict(free))), free, made


def _type_of_default(default: object) -> Type:
    """The type of a parameter without annotation: that of its default, else text."""
    if type(default) in PLAIN:
        return _type(pydantic.TypeAdapter(type(default)))
    return TEXT.maybe() if default is None else TEXT


def _shown(default: object) -> str:
    """A default as code would write it."""
    return repr(default) if default is None or type(default) in PLAIN else "…"


def _adapter(name: str, parameter: inspect.Parameter) -> pydantic.TypeAdapter[object]:
    try:
        return pydantic.TypeAdapter(parameter.annotation)
    except pydantic.errors.PydanticUserError:
        shown = getattr(parameter.annotation, "__name__", str(parameter.annotation))
        words = f"its `{parameter.name}` is a {shown}, which cannot be made of plain values"
        hint = "take text, numbers, lists, dictionaries, data classes or pydantic models"
        raise unusable(name, words, hint) from None


def _type(adapter: pydantic.TypeAdapter[object]) -> Type:
    try:
        schema = adapter.json_schema()
    except pydantic.errors.PydanticUserError:
        return ANY
    return schemas_of(schema).type_of(schema)


def _result(signature: inspect.Signature) -> Type:
    """What a function gives, as it is told to a model."""
    if signature.return_annotation is EMPTY:
        return ANY
    try:
        adapter = pydantic.TypeAdapter[object](signature.return_annotation)
        schema = adapter.json_schema(mode="serialization")
    except pydantic.errors.PydanticUserError:
        return ANY
    return schemas_of(schema).type_of(schema)


# ── what a function says when it fails ───────────────────────────────────────


def _words(mistake: BaseException) -> str:
    try:
        said = str(mistake)
    except Exception:
        said = "a mistake that cannot be shown"
    return f"{type(mistake).__name__}: {said}"[:WORDS]


def _frames(mistake: BaseException) -> list[str]:
    """The lines of the function that led to a mistake, the last one at the end."""
    frames = traceback.extract_tb(mistake.__traceback__)
    ours = [n for n, f in enumerate(frames) if f.filename == __file__]
    theirs = frames[ours[-1] + 1 :] if ours else frames
    return [f"{f.filename}:{f.lineno}, in {f.name}: {f.line}" for f in theirs[-FRAMES:]]
