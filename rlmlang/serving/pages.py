"""The page of a run over HTTP of this machine, drawn anew for as long as the run goes on."""

from __future__ import annotations

import hashlib
import secrets
import signal
import socket
from collections.abc import Callable
from dataclasses import dataclass, field

import anyio
import anyio.to_thread
from aiohttp import web

from rlmlang.report.view.html import blocks, lines
from rlmlang.report.view.page import Page

HOST, DATA = "127.0.0.1", "data"
HEADERS = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


@dataclass(frozen=True)
class PageServer:
    """What it `draws` is shown to whoever knows the token, which is a part of the address."""

    draws: Callable[[], Page]
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))

    def app(self) -> web.Application:
        """The page, and its data since; anything else is not there."""
        app = web.Application()
        app.router.add_get(f"/{self.token}/", self.page)
        app.router.add_get(f"/{self.token}/{DATA}", self.data)
        return app

    async def page(self, request: web.Request) -> web.Response:
        """The page as it is now."""
        text = await anyio.to_thread.run_sync(lambda: "".join(lines(self.draws(), live=DATA)))
        return web.Response(text=text, content_type="text/html", headers=HEADERS)

    async def data(self, request: web.Request) -> web.Response:
        """The blocks of the page if they are not those that were `seen`, and whether it is over."""
        page = await anyio.to_thread.run_sync(self.draws)
        found = dict(blocks(page))
        seen = hashlib.blake2b(repr(found).encode("utf-8", "replace"), digest_size=16).hexdigest()
        told = {"seen": seen, "over": page.over}
        fresh = {} if request.query.get("seen") == seen else {"blocks": found}
        return web.json_response({**told, **fresh}, headers=HEADERS)


async def serve_page(server: PageServer, port: int, listens: Callable[[str], None]) -> None:
    """Serves programs of this machine at a port until a signal ends us; `listens` is told the URL.
    Raises OSError where the port is taken."""
    runner = web.AppRunner(server.app(), access_log=None)
    with socket.create_server((HOST, port)) as listening:
        await runner.setup()
        try:
            await web.SockSite(runner, listening).start()
            listens(f"http://{HOST}:{listening.getsockname()[1]}/{server.token}/")
            with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                async for _ in signals:
                    return
        finally:
            await runner.cleanup()
