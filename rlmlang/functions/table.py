"""The table of built-in functions."""

from rlmlang.functions.captures import CAPTURES
from rlmlang.functions.counting import COUNTING
from rlmlang.functions.dates import DATES
from rlmlang.functions.function import Function
from rlmlang.functions.joins import JOINS
from rlmlang.functions.lists import LISTS
from rlmlang.functions.maps import MAPS
from rlmlang.functions.numbers import NUMBERS
from rlmlang.functions.parts import PARTS
from rlmlang.functions.tables import TABLES
from rlmlang.functions.text import TEXTS
from rlmlang.functions.trees import TREES
from rlmlang.functions.windows import WINDOWS
from rlmlang.table import Table

OURS = (
    *COUNTING, *LISTS, *PARTS, *TABLES, *JOINS, *MAPS, *NUMBERS, *TEXTS, *CAPTURES,
    *DATES, *WINDOWS, *TREES,
)  # fmt: skip
FUNCTIONS = Table("rlmlang.functions", Function, OURS)
