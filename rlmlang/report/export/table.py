"""The table of formats that runs are written in."""

from rlmlang.report.export.export import Export
from rlmlang.report.export.jsonl import JSONL
from rlmlang.report.export.otlp import OTLP
from rlmlang.table import Table

EXPORTS = Table("rlmlang.exports", Export, (JSONL, OTLP))
