"""What `rlm batch` was asked for, as workers elsewhere are told it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rlmlang.batch.choosing import Spelled, choose_batch, with_budget
from rlmlang.cli.aside import kept
from rlmlang.cli.edge import options_from, pairs
from rlmlang.diagnostics.diagnostic import failed
from rlmlang.runtime.root import root_of

if TYPE_CHECKING:
    from rlmlang.cli.places import Keeping
    from rlmlang.ir.suite import Batch
    from rlmlang.runtime.prepared import Options

Flags = Mapping[str, str | float | bool | None]
HERE = ("trust",)
"""Flags that a machine's user gives for that machine: nobody else trusts for them."""


@dataclass(frozen=True)
class Asked:
    """A file, the batch of it or what spells one out, and what is set; `folder` is where that was
    said, from the project's folder."""

    file: str
    name: str
    spelled: Spelled
    sets: tuple[str, ...]
    sources: tuple[str, ...]
    models: tuple[str, ...]
    flags: Flags
    folder: str = "."
    profile: str = ""

    def chosen(self, keeping: Keeping, items: int | None) -> tuple[Batch, Options]:
        """The batch that is meant, and the options of its items. Raises BadRecipe, CodedError."""
        sets = pairs(self.sets, "set")
        batch, rest = with_budget(choose_batch(self.file, self.name, self.spelled), sets)
        batch = replace(batch, at_once=items or batch.at_once)
        set_to = tuple(f"{k}={v}" for k, v in rest.items())
        flags = {**self.flags, **keeping}
        options = options_from("", set_to, self.sources, self.models, **flags)
        return batch, replace(options, profile=options.profile or self.profile)

    def told(self) -> str:
        """The same as text for who helps: paths are as seen from the project's folder."""
        flags = {k: v for k, v in self.flags.items() if k not in HERE}
        folder = os.path.relpath(Path.cwd(), root_of(self.file).folder)
        file = os.path.relpath(self.file)
        said = replace(self, flags=flags, folder=folder, file=file, profile=kept("profile"))
        return json.dumps(asdict(said), ensure_ascii=False)


def read(told: str, flags: Flags) -> Asked:
    """What was told, with the flags of this machine. Raises CodedError (batch-differs)."""
    try:
        said = json.loads(told)
        found = Asked(**{**said, "spelled": Spelled(**said["spelled"])})
    except (ValueError, TypeError, KeyError):
        raise failed(
            "batch-differs",
            "the batch was begun by another version of rlmlang",
            hint="install the same one here: `rlm --version` shows it",
        ) from None
    return replace(
        found,
        flags={**found.flags, **flags},
        sets=tuple(found.sets),
        sources=tuple(found.sources),
        models=tuple(found.models),
    )
