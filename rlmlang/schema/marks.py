"""What else is true of a problem than its exit code, and the row that says so."""

from __future__ import annotations

from typing import Literal, TypeAlias

Mark = Literal["parks", "item", "unfit", "no text", "source", "computed"]
"""What else is true of a problem:

parks: the same command resumes the run; it is not the recipe that failed
item: it may befall one item of a step, which `on_error` may leave out
unfit: the recipe does not take such an input: an example of an eval counts as failed
no text: a file below a folder that has it is left out, and counted
source: it is in what a source holds; of examples it is told as a problem of their dataset
computed: it is about sizes or coverage, and told where nothing else is wrong that they come from
"""

Row: TypeAlias = tuple[int, tuple[Mark, ...], str]
