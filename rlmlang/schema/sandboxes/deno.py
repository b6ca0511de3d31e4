"""All of Python, as Pyodide in Deno."""

from __future__ import annotations

from rlmlang.schema.sandboxes import NOTHING_OUTSIDE, Tier

CONTRACT = Tier(
    "deno",
    "Pyodide in Deno, through DSPy's interpreter",
    "any; `rlmlang[deno]`",
    "WebAssembly, Deno without permissions, watched",
    f"{NOTHING_OUTSIDE}, threads, numpy, pandas.",
    pool="rlmlang.sandboxes.guests:Guests",
    guest="rlmlang.program.deno:Deno",
    install="pip install 'rlmlang[deno]', or install Deno 2; its first start fetches Pyodide "
    "from npm",
    extra="deno",
    needs="deno",
)
