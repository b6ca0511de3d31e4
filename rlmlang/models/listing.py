"""The models that an endpoint says it serves."""

from __future__ import annotations

import asyncio
import json

import aiohttp

from rlmlang.models.endpoints import Address, proxy_for
from rlmlang.models.keys import Endpoint, key_for
from rlmlang.models.refusals import words_of

LISTS = 10.0
"""Seconds that an answer may take."""


def listed(address: Address) -> tuple[tuple[str, ...], str]:
    """The names at an endpoint, none where it does not answer, and what that means in words."""
    try:
        return asyncio.run(_listed(address))
    except (aiohttp.ClientError, TimeoutError) as mistake:
        return (), f"does not answer: {type(mistake).__name__} {mistake}".rstrip()


async def _listed(address: Address) -> tuple[tuple[str, ...], str]:
    key = key_for("", Endpoint(address.url(""))).value
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    timeout = aiohttp.ClientTimeout(total=LISTS)
    url = f"{address.identity.partition('?')[0]}/models"
    async with (
        aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
        session.get(
            f"{url}?{address.query}" if address.query else url, proxy=proxy_for(url) or None
        ) as answer,
    ):
        text = await answer.text(errors="replace")
        if answer.status != 200:
            return (), f"answers HTTP {answer.status}: {words_of(text)[:100]}"
    try:
        names = tuple(str(m["id"]) for m in json.loads(text)["data"])
    except (ValueError, KeyError, TypeError):
        return (), "answers no list of models"
    return names, "serves " if names else "serves no model"
