"""What prompts and lists are given, and what follows for their answers and items."""

from __future__ import annotations

from dataclasses import replace

from rlmlang.ir.coverage import Kept
from rlmlang.ir.declared import of_result
from rlmlang.ir.expressions import Expr
from rlmlang.ir.facts import Facts, Given
from rlmlang.ir.places import carries, innermost, quoted
from rlmlang.ir.recipe import Ask, Prompt
from rlmlang.ir.sizes import made_of
from rlmlang.ir.types import DOC, AnyType, TreeType, Type, fits, list_of
from rlmlang.schema.formula import ONE, Formula, number
from rlmlang.schema.partitions import Coverage, worst_of
from rlmlang.verbs.inference import unsound


def list_facts(subject: Expr, given: Given) -> Facts:
    """The facts of a list that a step goes over."""
    found = as_documents(given.of(subject))
    if not found.type.is_list and not isinstance(found.type, AnyType):
        raise unsound(f"{found.type} is no list of items to go over")
    return found


def as_documents(facts: Facts) -> Facts:
    """A tree as the list of its documents; anything else as it is."""
    return replace(facts, type=list_of(DOC)) if isinstance(facts.type, TreeType) else facts


def item_facts(items: Facts) -> Facts:
    """The facts of an item of a list, or of a document of a tree."""
    items = as_documents(items)
    if isinstance(items.type, AnyType):
        return Facts()
    return Facts(
        items.type.item,
        items.item,
        items.inner,
        items.item,
        ONE,
        items.coverage,
        items.origins,
        fields=items.fields,
        told=items.told,
        where=items.where,
        placed=items.placed,
        holds=items.holds,
    )


def whole_item(items: Facts) -> Facts:
    """The facts of an item where a value is made of it alone: it is all there, whatever the list
    has lost."""
    return item_facts(items).keeping(Kept())


def answer_facts(ask: Ask, given: Given, item: Facts | None = None) -> Facts:
    """The facts of an answer to a prompt with its arguments, put to an item where there is one."""
    params = {p.name: p for p in ask.prompt.params}
    inputs: list[Facts] = []
    for name, e in ask.args:
        inputs.append(given.of(e, item))
        _takes(ask.prompt, params[name].type, inputs[-1].type)
    if item is not None and ask.element:
        _takes(ask.prompt, params[ask.element].type.required(), item.type.required())
    return result_facts(ask.prompt, *inputs, *([item] if item is not None else []))


def of_items(item: Facts, result: Type) -> frozenset[str]:
    """What of a result about an item knows where the item came from: all of it, where the item
    does and its type can."""
    return item.placed & {""} if carries(innermost(result)) else frozenset()


def _takes(prompt: Prompt, wanted: Type, given: Type) -> None:
    if not fits(given, wanted):
        raise unsound(f"`{prompt.name}` takes {wanted}, and is given {given}")


def result_facts(prompt: Prompt, *inputs: Facts) -> Facts:
    """What is known of a prompt's answer: it is as complete as what the prompt was given, and what
    code looked into is not known to be all."""
    made = made_of(of_result(prompt, prompt.result), inputs)
    searched: Coverage = "some" if prompt.selects else "exact"
    coverage = worst_of((made.coverage, searched))
    return replace(made, coverage=coverage, told=True, placed=quoted(prompt.result))


def joined_facts(prompt: Prompt, item: Facts, size: Formula, fanin: int) -> Facts:
    """What a join is given: so many values like an item, as one list."""
    return replace(
        item, type=joined_type(prompt, item.type), size=size * fanin, count=number(fanin), item=size
    )


def joined_type(prompt: Prompt, item: Type) -> Type:
    """What a join is given: a list of items, or their items in one list."""
    wanted = prompt.params[0].type if prompt.params else item
    if wanted.is_list and fits(item.required(), wanted):
        return item.required()
    return list_of(item.required())
