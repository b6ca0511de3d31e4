"""`--set path=value`: numbers of partitions, steps and models, the form of answers, and constants,
set from outside.

Only declared surfaces may be set; what a prompt says is code. What is set is written into the
syntax tree, so the recipe is checked and priced with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from rlmlang.schema.settings import BLOCKS
from rlmlang.syntax import tree as t
from rlmlang.syntax import verbs as v
from rlmlang.syntax.trials import Trial

Read = Callable[[str], t.Expr | None]
PLAIN = t.Number | t.Text | t.Constant | t.Name
LISTED = tuple(f".{s.name}" for s in BLOCKS["repl"].settings if s.kind == "expression")
"""How the paths end of what may be a list."""


def settable(file: t.File) -> list[str]:
    """The paths that may be set, as far as they are written out."""
    return settable_here(file.items)


def settable_here(items: Iterable[t.Node]) -> list[str]:
    """The same, of some declarations."""
    found: list[str] = []
    for item in items:
        match item:
            case t.Const():
                found.append(item.name.text)
            case t.Partition(value=t.Call() as call):
                found += [f"{item.name.text}.{label}" for label in _labels(call)]
            case t.Settings(word="model"):
                found += [f"{item.name.text}.{key}" for key in _outside("model")]
            case t.Prompt():
                kinds = ("prompt", "repl") if _repl_of(item) is not None else ("prompt",)
                found += [f"{item.name.text}.{key}" for k in kinds for key in _outside(k)]
            case t.Recipe():
                found += [p for line in item.body.items for p in _of_step(line)]
    return found


def _of_step(line: t.BodyItem) -> list[str]:
    if not isinstance(line, t.Let) or not isinstance(line.value, t.Verb):
        return []
    verb, name = line.value, line.name.text
    labels = _labels(verb.how) if isinstance(verb, v.By) and isinstance(verb.how, t.Call) else []
    return [f"{name}.{k}" for k in [*labels, *_outside(verb.word)]]


def _outside(block: str) -> list[str]:
    """The settings of a block that may be set."""
    return [s.name for s in BLOCKS[block].settings if s.outside]


def _labels(call: t.Call) -> list[str]:
    """The named arguments of a call, and of the strategy that it gathers neighbours for."""
    inner = _inner(call)
    mine = [a.label for a in call.args if a.label]
    return [*mine, *(_labels(inner) if inner is not None else [])]


def _inner(call: t.Call) -> t.Call | None:
    base = call.callee.base if isinstance(call.callee, t.Member) else None
    return base if isinstance(base, t.Call) else None


def override(file: t.File, sets: Mapping[str, str], read: Read) -> tuple[t.File, list[str]]:
    """The file with these paths set, and the paths that could not be. `read` makes an expression
    of a value's text, or None."""
    refused: list[str] = []
    known = settable(file)
    for path, text in sets.items():
        value = read(text)
        takes = PLAIN | t.ListOf if path.endswith(LISTED) else PLAIN
        if path not in known or not isinstance(value, takes):
            refused.append(path)
            continue
        items = tuple(_set(item, path, value) for item in file.items)
        file = replace(file, items=items)
    return file, refused


def _set(item: t.Decl, path: str, value: t.Expr) -> t.Decl:
    name, _, key = path.partition(".")
    if isinstance(item, t.Recipe):
        lines = tuple(_in_step(line, name, key, value) for line in item.body.items)
        return replace(item, body=replace(item.body, items=lines))
    if isinstance(item, t.Use | Trial) or item.name.text != name:
        return item
    if isinstance(item, t.Const) and not key:
        return replace(item, value=value)
    if isinstance(item, t.Partition) and isinstance(item.value, t.Call):
        return replace(item, value=_argument(item.value, key, value))
    if isinstance(item, t.Settings):
        return replace(item, block=_entry(item.block, "model", key, value))
    if isinstance(item, t.Prompt):
        repl = _repl_of(item)
        if repl is not None and key in BLOCKS["repl"].names:
            return _with_repl(item, replace(repl, block=_entry(repl.block, "repl", key, value)))
        return replace(item, body=_entry(_block_of(item), "prompt", key, value))
    return item


def _repl_of(prompt: t.Prompt) -> t.Repl | None:
    """The caps of a free-form prompt; None for any other."""
    return next((e for e in _block_of(prompt).entries if isinstance(e, t.Repl)), None)


def _with_repl(prompt: t.Prompt, repl: t.Repl) -> t.Prompt:
    block = _block_of(prompt)
    entries = (repl if isinstance(e, t.Repl) else e for e in block.entries)
    return replace(prompt, body=replace(block, entries=tuple(entries)))


def _block_of(prompt: t.Prompt) -> t.Block:
    """The block of a prompt; a bare text is its task."""
    if isinstance(prompt.body, t.Block):
        return prompt.body
    task = t.Setting(
        key=t.Name(text="task", span=prompt.body.span), value=prompt.body, span=prompt.body.span
    )
    return t.Block(entries=(task,), span=prompt.body.span)


def _in_step(line: t.BodyItem, name: str, key: str, value: t.Expr) -> t.BodyItem:
    if not isinstance(line, t.Let) or line.name.text != name or not isinstance(line.value, t.Verb):
        return line
    verb = line.value
    if key not in [p.partition(".")[2] for p in _of_step(line)]:
        return line  # a prompt may be called as a step is
    if isinstance(verb, v.By) and isinstance(verb.how, t.Call) and key in _labels(verb.how):
        return replace(line, value=replace(verb, how=_argument(verb.how, key, value)))
    block = verb.block or t.Block(entries=(), span=verb.span)
    return replace(line, value=replace(verb, block=_entry(block, verb.word, key, value)))


def _argument(call: t.Call, key: str, value: t.Expr) -> t.Call:
    args = tuple(replace(a, value=value) if a.label == key else a for a in call.args)
    inner, callee = _inner(call), call.callee
    if inner is not None and isinstance(callee, t.Member):
        callee = replace(callee, base=_argument(inner, key, value))
    return replace(call, callee=callee, args=args)


def _entry(block: t.Block, kind: str, key: str, value: t.Expr) -> t.Block:
    """The block, of a kind, with one entry set, in the place of an older one."""
    name = t.Name(text=key, span=value.span)
    bare = BLOCKS[kind].setting(key).kind in ("choice", "expression")
    if bare and isinstance(value, t.Text):
        value = t.Name(text=value.value, span=value.span)
    made: t.Entry = (
        t.Limit(key=name, amount=value, span=value.span)
        if BLOCKS[kind].setting(key).limit
        else t.Setting(key=name, value=value, span=value.span)
    )
    rest = [
        e for e in block.entries if not (isinstance(e, t.Setting | t.Limit) and e.key.text == key)
    ]
    return replace(block, entries=(*rest, made))
