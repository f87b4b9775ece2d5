"""Measured tables into Markdown files: each replaces what stands between its two markers."""

import re
from collections.abc import Mapping
from pathlib import Path

from encoder.errors import LesionSearchError

_PLACE = re.compile(r"(<!-- measured: (?P<name>[\w-]+) -->\n).*?(<!-- end: (?P=name) -->)", re.DOTALL)


class DocumentError(LesionSearchError):
    """A document asks for a table that nobody measures."""


def wanted_tables(document: Path) -> tuple[str, ...]:
    """Names of the tables a document has a place for, in its order."""
    return tuple(place["name"] for place in _PLACE.finditer(document.read_text(encoding="utf-8")))


def insert_tables(document: Path, tables: Mapping[str, str], only_these: bool = False) -> int:
    """Fill every `<!-- measured: NAME -->` … `<!-- end: NAME -->` of a document; returns how many were filled.

    Raises DocumentError, with the document untouched, for a name that is not among the tables; `only_these` leaves such
    places as they are.
    """
    unknown = [name for name in wanted_tables(document) if name not in tables]
    if unknown and not only_these:
        raise DocumentError(f"{document} wants a table {unknown[0]!r}, but only {', '.join(tables)} are measured")

    def filled(place: re.Match[str]) -> str:
        table = tables.get(place["name"])
        return place[0] if table is None else f"{place[1]}{table.strip()}\n{place[3]}"

    text = _PLACE.sub(filled, document.read_text(encoding="utf-8"))
    document.write_text(text, encoding="utf-8")
    return len(wanted_tables(document)) - len(unknown)
