"""Addresses of endpoints in the forms people write them, and whether one is of this machine or
network. Nothing here sends anything or imports DSPy."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit, urlunsplit

from rlmlang.diagnostics.diagnostic import CodedError, failed

ROUTE = "/chat/completions"
ROUTES = re.compile(
    r"(/chat/completions|/chat|/completions|(?<=/v1)/(models|responses|embeddings))$"
)
HERE = ("localhost", "host.docker.internal", "host.containers.internal")
INSIDE = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".svc.cluster.local")


@dataclass(frozen=True)
class Address:
    """An endpoint: scheme, host and the path above its routes; `query` stands behind every route.
    `bare` says that no path was given: then the routes stand below /v1, or below nothing."""

    root: str
    query: str = ""
    bare: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """Where chat requests may go, the likeliest first."""
        return (f"/v1{ROUTE}", ROUTE) if self.bare else (ROUTE,)

    def url(self, path: str) -> str:
        """The address of a route."""
        return f"{self.root}{path}" + (f"?{self.query}" if self.query else "")

    @property
    def identity(self) -> str:
        """The endpoint in one way of writing; what a query says is told apart, not shown."""
        base = f"{self.root}/v1" if self.bare else self.root
        digest = hashlib.sha256(self.query.encode()).hexdigest()[:12]
        return f"{base}?{digest}" if self.query else base

    @property
    def local(self) -> bool:
        """Whether the endpoint is on this machine or in a private network."""
        return is_local(urlsplit(self.root).hostname or "")


def address_of(base: str) -> Address:
    """An address as it is given to --api-base: with or without /v1, the route, slashes at the end
    or a query. One of this machine or network needs no http:// in front.

    Raises CodedError (bad-api-base).
    """
    text = base.strip()
    try:
        parts = urlsplit(text if "://" in text else f"http://{text.lstrip('/')}")
        host, _ = parts.hostname or "", parts.port
    except ValueError as mistake:
        raise _bad(base, str(mistake)) from None
    if "://" not in text and not is_local(host):
        raise _bad(base, "it does not begin with https:// or http://")
    if parts.scheme not in ("http", "https") or not host or re.search(r"[\s\x00-\x1f]", text):
        raise _bad(base, "that is no http:// or https:// address of a host")
    if parts.username is not None or parts.password is not None:
        raise _bad(
            _without_user(parts),
            "a name or password in an address would be kept with it",
            "put the key into RLM_API_KEY",
        )
    path = ROUTES.sub("", parts.path.rstrip("/")).rstrip("/")
    root = urlunsplit((parts.scheme, parts.netloc.lower(), path, "", ""))
    return Address(root, parts.query, bare=not path)


def proxy_for(url: str) -> str:
    """The proxy that the environment names for a URL (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY), empty
    for none: what NO_PROXY names and what is on this machine is asked directly.

    Raises CodedError (bad-proxy) for one that is reached by other means than HTTP.
    """
    parts = urlsplit(url)
    from urllib.request import getproxies_environment, proxy_bypass  # loads http.client

    host, named = parts.hostname or "", getproxies_environment()
    proxy = named.get(parts.scheme) or named.get("all") or ""
    if not proxy or _is_here(host) or proxy_bypass(parts.netloc):
        return ""
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if urlsplit(proxy).scheme not in ("http", "https"):
        raise failed(
            "bad-proxy",
            f"the environment names a {urlsplit(proxy).scheme} proxy for {host}",
            reason="Requests go through proxies of HTTP alone.",
            hint=f"name such a one, or ask {host} directly: NO_PROXY={host}",
        )
    return proxy


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.split("%")[0]).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def is_local(host: str) -> bool:
    """Whether a host is this machine or of a private network, by its name or number alone."""
    host = host.lower().rstrip(".")
    try:
        number = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return bool(host) and (host in HERE or host.endswith(INSIDE) or "." not in host)
    return number.is_private or number.is_loopback or number.is_link_local


def _without_user(parts: SplitResult) -> str:
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _bad(base: str, reason: str, hint: str = "") -> CodedError:
    return failed(
        "bad-api-base",
        f"{base!r} is no address of an endpoint: {reason}",
        hint=hint or "such as --api-base http://localhost:8000/v1",
    )
