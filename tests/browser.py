"""A page in a real browser without a window, driven by the browser's own protocol: what it asks for,
what goes wrong in it, and what it looks like."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
         "--disable-background-networking", "--no-first-run", "--remote-debugging-port=0")  # fmt: skip
READY = "document.documentElement.dataset.ready !== undefined"  # what our own pages set


def chromium() -> str | None:
    """The browser of this machine; None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Tab:
    """A page: `asked` are the addresses that it asked for, `wrong` the errors of its scripts and what
    its security policy refused."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self._loaded = asyncio.Event()
        self._socket, self._waiting, self._number = socket, dict[int, asyncio.Future[Any]](), 0
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                self._waiting.pop(told["id"]).set_result(told)
            else:
                self._heard(told["method"], told["params"])

    def _heard(self, method: str, told: dict[str, Any]) -> None:
        if method == "Page.loadEventFired":
            self._loaded.set()
        elif method == "Network.requestWillBeSent":
            self.asked.append(told["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.wrong.append(json.dumps(told["exceptionDetails"])[:2_000])
        elif method == "Log.entryAdded" and told["entry"]["level"] == "error":
            self.wrong.append(told["entry"]["text"])

    async def call(self, method: str, **params: Any) -> Any:
        """What a method of the protocol gives."""
        self._number += 1
        self._waiting[self._number] = answer = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        told = await asyncio.wait_for(answer, 60)
        assert "error" not in told, told
        return told["result"]

    async def value(self, expression: str) -> Any:
        """What an expression of JavaScript gives, awaited."""
        told = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True,
                               returnByValue=True, userGesture=True)  # fmt: skip
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def until(self, expression: str) -> None:
        """Waits until an expression is true, frame by frame."""
        words = (
            f"(async () => {{ for (let n = 0; n < 400; n += 1) {{ if ({expression}) return true;"
        )
        done = await self.value(words + " await new Promise((r) => setTimeout(r, 25)); } })()")
        assert done, (expression, self.wrong)

    async def show(
        self, page: str, wide: int = 1280, tall: int = 900, dark: bool = False, ready: str = READY
    ) -> None:
        """Opens a page, in a size and a scheme of colours, and waits until it says it is ready."""
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        await self.call("Emulation.setDeviceMetricsOverride", width=wide, height=tall,
                        deviceScaleFactor=1, mobile=wide < 600)  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self.call("Emulation.setEmulatedMedia", features=[scheme])
        self._loaded.clear()
        await self.call("Page.navigate", url=page)
        await asyncio.wait_for(self._loaded.wait(), 60)
        await self.until(ready)

    async def press(self, *keys: str) -> None:
        """Presses keys, by the names that events have for them."""
        for key in keys:
            text = (
                {"text": "\r" if key == "Enter" else key} if len(key) == 1 or key == "Enter" else {}
            )
            await self.call("Input.dispatchKeyEvent", type="keyDown", key=key, **text)
            await self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    async def click(self, x: float, y: float) -> None:
        """Clicks at a place of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            await self.call(
                "Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1
            )

    async def picture(self, *, whole: bool = True) -> bytes:
        """What it looks like, as PNG."""
        told = await self.call("Page.captureScreenshot", captureBeyondViewport=whole)
        return base64.b64decode(told["data"])


@asynccontextmanager
async def tab(more: Iterable[str] = ()) -> AsyncIterator[Tab]:
    """A page of a browser of its own, gone at the end."""
    name = chromium()
    assert name is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        run = await asyncio.create_subprocess_exec(
            name, *FLAGS, *more, f"--user-data-dir={folder}", "about:blank",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        try:
            address = await asyncio.wait_for(_address(run), 60)
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://{address}/json") as pages,
                session.ws_connect(_page(await pages.json()), max_msg_size=0) as socket,
            ):
                yield Tab(socket)
        finally:
            run.kill()
            await run.wait()


async def _address(run: asyncio.subprocess.Process) -> str:
    """Where the browser is spoken to."""
    assert run.stderr is not None
    async for line in run.stderr:
        if b"DevTools listening on ws://" in line:
            return line.decode().split("ws://")[1].split("/")[0]
    raise AssertionError("the browser did not begin")


def _page(pages: list[dict[str, str]]) -> str:
    return next(p["webSocketDebuggerUrl"] for p in pages if p["type"] == "page")
