"""The table of built-in functions."""

from rlmlang.functions.counting import COUNTING
from rlmlang.functions.dates import DATES
from rlmlang.functions.function import Function
from rlmlang.functions.lists import LISTS
from rlmlang.functions.numbers import NUMBERS
from rlmlang.functions.text import TEXTS
from rlmlang.functions.trees import TREES
from rlmlang.functions.windows import WINDOWS
from rlmlang.table import Table

FUNCTIONS = Table(
    "rlmlang.functions", Function, (*COUNTING, *DATES, *LISTS, *NUMBERS, *TEXTS, *TREES, *WINDOWS)
)
