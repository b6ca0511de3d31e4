"""`ini("settings.ini")`: the values of a configuration file."""

from __future__ import annotations

from configparser import ConfigParser

from rlmlang.sources.jsonl import kept_rows
from rlmlang.sources.place import Place
from rlmlang.sources.rows import Rows


def opened(place: Place) -> Rows:
    parser = ConfigParser()
    document = place.document
    parser.read_string(document.read(document.start, document.size).decode())
    rows = [
        {"section": section, "key": key, "value": value}
        for section in parser.sections()
        for key, value in parser[section].items()
    ]
    return kept_rows(place.written, rows, place.type.item)
