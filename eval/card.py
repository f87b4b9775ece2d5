"""Measured tables into Markdown files: each replaces what stands between its two markers."""

import re
from collections.abc import Mapping
from pathlib import Path

from encoder.errors import LesionSearchError

_PLACE = re.compile(r"(<!-- measured: (?P<name>[\w-]+) -->\n).*?(<!-- end: (?P=name) -->)", re.DOTALL)


class CardError(LesionSearchError):
    """A document asks for a table that nobody measures."""


def wanted_tables(document: Path) -> tuple[str, ...]:
    """Names of the tables a document has a place for, in its order."""
    return tuple(place["name"] for place in _PLACE.finditer(document.read_text(encoding="utf-8")))


def insert_tables(document: Path, tables: Mapping[str, str]) -> int:
    """Fill every `<!-- measured: NAME -->` … `<!-- end: NAME -->` of a document; returns how many were filled.

    Raises CardError, with the document untouched, for a name that is not among the tables.
    """
    unknown = [name for name in wanted_tables(document) if name not in tables]
    if unknown:
        raise CardError(f"{document} wants a table {unknown[0]!r}, but only {', '.join(tables)} are measured")
    text = document.read_text(encoding="utf-8")
    text, count = _PLACE.subn(lambda place: f"{place[1]}{tables[place['name']].strip()}\n{place[3]}", text)
    document.write_text(text, encoding="utf-8")
    return count
