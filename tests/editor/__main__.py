"""Renames every name of the corpus, and says where that would break a file: `python -m tests.editor`."""

from rlmlang.diagnostics.diagnostic import CodedError
from rlmlang.editor.rename import renamed
from rlmlang.runtime.files import load_import
from tests.conftest import ROOT
from tests.editor.test_names import names_in

tried = failed = 0
for path in sorted(p for where in ("examples", "stdlib", "grammar/examples", "tests/golden", "tests/cases")
                   for p in (ROOT / where).rglob("*.rlm")):  # fmt: skip
    analysis, symbols = names_in(path)
    for symbol in symbols:
        tried += 1
        try:
            renamed(symbol, "new_name", (analysis,), load_import)
        except CodedError as problem:
            failed += 1
            print(f"{symbol.at}: {symbol.kind} {symbol.name}: {problem}")
print(f"{tried - failed} passed, {failed} failed")
raise SystemExit(failed > 0)
