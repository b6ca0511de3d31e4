"""The pages of codes, exit codes and variables of the environment."""

from __future__ import annotations

from collections.abc import Iterator

from rlmlang.reference.page import Page
from rlmlang.schema.codes import CODES, Entry, entry
from rlmlang.schema.environment import VARIABLES
from rlmlang.schema.exits import EXITS, OK


def code_pages() -> Iterator[Page]:
    """A page of each code of a problem."""
    for code in CODES:
        found = entry(code)
        yield Page(
            code, "code", found.title, notes=(("", _consequence(found)),), place=f"mistakes/{code}"
        )


def _consequence(known: Entry) -> str:
    """What follows from a problem, in a line."""
    ending = f"exit code {known.exit_code}" if known.exit_code else "stops nothing"
    parks = "; the same command resumes the run" if "parks" in known else ""
    item = "; `on_error` may leave out an item that has it" if "item" in known else ""
    return f"{known.severity}, {ending}{parks}{item}"


def exit_pages() -> Iterator[Page]:
    """A page of each exit code, with the codes of problems that end so."""
    for found in EXITS:
        codes = ", ".join(code for code, row in CODES.items() if row[0] == found.code)
        notes = (("problems that end so", codes),) if codes and found.code != OK else ()
        yield Page(str(found.code), "exit", found.title, found.then, notes=notes)


def variable_pages() -> Iterator[Page]:
    """A page of each variable of the environment."""
    for found in VARIABLES.values():
        yield Page(
            found.name,
            "variable",
            found.doc.partition("; ")[0],
            found.doc.partition("; ")[2],
            f"export {found.name}={found.example}",
        )
