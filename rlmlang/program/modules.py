"""The module that answers a prompt, made from the prompt's signature: the user's own, from a file
beside the recipe, or one of DSPy's by its name.

The user's file runs in this process: DSPy's optimizers work on what it makes, and its predictors
are those of the recipe's program.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import dspy

from rlmlang.diagnostics.diagnostic import CodedError, failed
from rlmlang.execute.code_path import code_path
from rlmlang.ir import recipe as r
from rlmlang.ir.expressions import Code
from rlmlang.program.known_modules import KNOWN

Signature = type[dspy.Signature]
BY_PLACE = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
)


def module_for(prompt: r.Prompt, module: r.DspyModule, signature: Signature) -> dspy.Module:
    """The module of a prompt. Raises CodedError (module-missing)."""
    if module.code is None:
        return KNOWN[module.name](signature, prompt, module)
    made = _users(module.code, signature)
    for name, predictor in made.named_predictors():
        if predictor.lm is not None:
            words = f"its predictor `{name}` has a model of its own"
            hint = "leave it out: the recipe's model answers; `model:` of the prompt names another"
            raise _missing(module.code, words, hint)
    return made


def _users(code: Code, signature: Signature) -> dspy.Module:
    """What a class or function makes of the signature; a copy of a module that is there already."""
    path = Path(code_path(code))
    if not path.is_file():
        raise _missing(code, f"{path} is no file", "the path is taken from the recipe's folder")
    try:
        found = _loaded(path, path.stat().st_mtime_ns).get(code.function)
        made = found.deepcopy() if isinstance(found, dspy.Module) else _made(found, signature)
    except (Exception, SystemExit) as mistake:
        words = " ".join(str(mistake).split())[:300]
        where = line_of(mistake, str(path))
        raise _missing(code, f"{type(mistake).__name__}: {words}{where}", "") from None
    if not isinstance(made, dspy.Module) or isinstance(made, dspy.Predict):
        what = "there is no such name in it" if found is None else f"it gives {made!r:.80}"
        hint = "name a class that derives from dspy.Module, or a function that makes one, with its "
        raise _missing(code, what, f"{hint}predictors as attributes")
    return made


def _made(found: object, signature: Signature) -> object:
    """What a class or function gives, which is handed the signature where it takes something."""
    if not callable(found):
        return found
    begins = inspect.getattr_static(found, "__init__") if isinstance(found, type) else found
    takes = inspect.signature(begins).parameters
    kinds = [p.kind for name, p in takes.items() if name != "self"]
    make: Callable[..., object] = found
    return make(signature) if kinds and kinds[0] in BY_PLACE else make()


@cache
def _loaded(path: Path, stamp: int) -> Mapping[str, object]:
    """The names of a file as it is at a time. It is a module of Python's under a name of its own,
    so that its source can be found; what lies beside it can be imported while it is loaded."""
    name = f"rlm_module_{hashlib.sha256(f'{path} {stamp}'.encode()).hexdigest()[:16]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _beside(path):
            spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return vars(module)


@contextmanager
def _beside(path: Path) -> Iterator[None]:
    folder = str(path.parent)
    sys.path.insert(0, folder)
    try:
        yield
    finally:
        sys.path.remove(folder)


def line_of(mistake: BaseException, path: str) -> str:
    """Where in a file a mistake was made, in words; empty where it was made elsewhere."""
    lines = [f.lineno for f in traceback.extract_tb(mistake.__traceback__) if f.filename == path]
    return f" (line {lines[-1]})" if lines else ""


def _missing(code: Code, words: str, hint: str) -> CodedError:
    return failed(
        "module-missing",
        f"{code.path}:{code.function} cannot answer `{code.name}`: {words}",
        hint=hint,
    )
