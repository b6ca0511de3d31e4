"""Where a store lies: in a file, or in a database of a server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

SCHEMES = ("postgresql://", "postgres://")
HIDDEN = "***"
SECRETS = ("password", "sslpassword")


@dataclass(frozen=True, repr=False)
class Server:
    """A database of PostgreSQL's, by its URL. As text it shows no password."""

    url: str

    def __str__(self) -> str:
        scheme, _, rest = self.url.partition("://")
        before, at, after = rest.rpartition("@")
        user, colon, _ = before.partition(":")
        shown = f"{user}:{HIDDEN}@{after}" if at and colon else rest
        place, mark, query = shown.partition("?")
        return f"{scheme}://{place}{mark}{'&'.join(map(_shown, query.split('&')))}"

    __repr__ = __str__


StoreAddress = Path | Server


def _shown(parameter: str) -> str:
    name, equals, _ = parameter.partition("=")
    secret = unquote(name).strip().lower() in SECRETS
    return f"{name}{equals}{HIDDEN}" if secret else parameter


def is_url(text: str) -> bool:
    """Whether a text names a server."""
    return text.startswith(SCHEMES)


def address_of(given: str | StoreAddress) -> StoreAddress:
    """The address that a text names."""
    if isinstance(given, Path | Server):
        return given
    return Server(given) if is_url(given) else Path(given)


def may_hold(address: StoreAddress) -> bool:
    """Whether a store may be at an address: of a server that is known when it is asked."""
    return isinstance(address, Server) or address.is_file()
