"""The table of formats that runs are written in."""

from rlmlang.report.export.atif import ATIF
from rlmlang.report.export.export import Export
from rlmlang.report.export.jsonl import JSONL
from rlmlang.report.export.markdown import MARKDOWN
from rlmlang.report.export.openinference import OPENINFERENCE
from rlmlang.report.export.otlp import OTLP
from rlmlang.report.export.parquet import PARQUET
from rlmlang.report.export.perfetto import PERFETTO
from rlmlang.report.export.rlms import RLMS
from rlmlang.report.export.speedscope import SPEEDSCOPE
from rlmlang.table import Table

EXPORTS = Table(
    "rlmlang.exports",
    Export,
    (JSONL, OTLP, OPENINFERENCE, ATIF, RLMS, SPEEDSCOPE, PERFETTO, PARQUET, MARKDOWN),
)
