"""Measured tables into Markdown files: each replaces what stands between its two markers."""

import re
from collections.abc import Mapping
from pathlib import Path

from encoder.errors import LesionSearchError

_PLACE = re.compile(r"(<!-- measured: (?P<name>[\w-]+) -->\n).*?(<!-- end: (?P=name) -->)", re.DOTALL)


class CardError(LesionSearchError):
    """A document asks for a table that nobody measures."""


def insert_tables(document: Path, tables: Mapping[str, str]) -> int:
    """Fill every `<!-- measured: NAME -->` … `<!-- end: NAME -->` of a document; returns how many were filled.

    Raises CardError, with the document untouched, for a name that is not among the tables.
    """
    text = document.read_text(encoding="utf-8")
    unknown = [place["name"] for place in _PLACE.finditer(text) if place["name"] not in tables]
    if unknown:
        raise CardError(f"{document} wants a table {unknown[0]!r}, but only {', '.join(tables)} are measured")
    text, count = _PLACE.subn(lambda place: f"{place[1]}{tables[place['name']].strip()}\n{place[3]}", text)
    document.write_text(text, encoding="utf-8")
    return count
