"""What a step gives: one value, or items that others may read while more are still coming."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import anyio

from rlmlang.context import Datum

AHEAD = 64


class Cell:
    """A value that is set once and may be waited for."""

    def __init__(self) -> None:
        self._ready = anyio.Event()
        self._value: Datum = None

    def set(self, value: Datum) -> None:
        """Gives the value to everyone who waits."""
        self._value = value
        self._ready.set()

    async def value(self) -> Datum:
        """The value, when it is there."""
        await self._ready.wait()
        return self._value


class Stream(Cell):
    """Items in order. With one reader that takes them as they come (`passing`), items are let go
    as soon as they are taken and the writer waits when it is too far ahead; else all are kept."""

    def __init__(self, *, passing: bool = False) -> None:
        super().__init__()
        self.passing = passing
        self._items: list[Datum] = []
        self._base = 0
        self._changed = anyio.Event()
        self._waited = False
        self._done = False
        self._closed = False

    @property
    def count(self) -> int:
        """How many items there have been."""
        return self._base + len(self._items)

    async def put(self, item: Datum) -> bool:
        """Adds an item; false when nobody wants more."""
        while self.passing and len(self._items) >= AHEAD and not self._closed:
            await self._change()
        if self._closed:
            return False
        self._items.append(item)
        self._notify()
        return True

    def finish(self) -> None:
        """No more items will come."""
        self._done = True
        self._notify()
        if not self.passing:
            self.set(self._items)

    def close(self) -> None:
        """The only reader wants no more."""
        self._closed = True
        self._notify()

    async def items(self) -> AsyncIterator[Datum]:
        """The items from the first on, as they come."""
        at = 0
        while True:
            while at >= self.count and not self._done:
                await self._change()
            if at >= self.count:
                return
            item = self._items[at - self._base]
            at += 1
            if self.passing:
                del self._items[: at - self._base]
                self._base = at
                self._notify()
            yield item

    async def _change(self) -> None:
        self._waited = True
        await self._changed.wait()

    def _notify(self) -> None:
        if self._waited:
            self._changed.set()
            self._changed = anyio.Event()
            self._waited = False


async def each(source: Stream | Iterable[Datum]) -> AsyncIterator[Datum]:
    """The items of a stream as they come, or of a list."""
    if isinstance(source, Stream):
        async for item in source.items():
            yield item
    else:
        for item in source:
            yield item
