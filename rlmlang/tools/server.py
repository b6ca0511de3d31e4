"""What is known of an MCP server before it is begun: how it is reached, and what it may see."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TIMEOUT = 60.0
"""Seconds that a server may take to begin, and to answer a call, where nothing is said."""


@dataclass(frozen=True)
class ServerSettings:
    """A server of the project: the `command` that begins it, in the `folder` of the project, or
    its `url`. `key_env` names the variable with the key that is sent to the URL; `env` those that
    the command is given; it may take `timeout` seconds to begin, and for each call."""

    name: str
    command: tuple[str, ...] = ()
    url: str = ""
    key_env: str = ""
    env: tuple[str, ...] = ()
    timeout: float = TIMEOUT
    folder: Path = Path()
