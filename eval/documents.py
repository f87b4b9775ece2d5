"""Measured tables into Markdown files, and of each its headline into a sentence: what stands between two markers.

What is made of the code alone (`eval/site/reference.py`) goes between markers of its own kind.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from encoder.errors import LesionSearchError

_PLACE = re.compile(
    r"(?P<begin><!-- (?P<kind>measured|generated): (?P<name>[\w-]+) -->\n)"
    r"(?P<table>.*?)(?P<end><!-- end: (?P=name) -->)",
    re.DOTALL,
)
_HEADLINE = re.compile(r"(<!-- headline: (?P<name>[\w-]+) -->).*?(<!-- end: headline -->)", re.DOTALL)


Kind = Literal["measured", "generated"]


class DocumentError(LesionSearchError):
    """A document asks for a table that nobody measures, or for the headline of one that is not there."""


def wanted_tables(document: Path, kind: Kind = "measured") -> tuple[str, ...]:
    """Name the tables a document has a place for, in its order."""
    return tuple(read_tables(document, kind))


def read_tables(document: Path, kind: Kind = "measured") -> dict[str, str]:
    """Read the tables that stand in a document, by name, in its order."""
    places = _PLACE.finditer(document.read_text(encoding="utf-8"))
    return {place["name"]: place["table"] for place in places if place["kind"] == kind}


def insert_tables(document: Path, tables: Mapping[str, str], only_these: bool = False, kind: Kind = "measured") -> int:
    """Fill every `<!-- measured: NAME -->` … `<!-- end: NAME -->` of a document; returns how many were filled.

    Raises DocumentError, with the document untouched, for a name that is not among the tables; `only_these` leaves such
    places as they are.
    """
    wanted = wanted_tables(document, kind)
    unknown = [name for name in wanted if name not in tables]
    if unknown and not only_these:
        raise DocumentError(f"{document} wants a table {unknown[0]!r}, but only {', '.join(tables)} are measured")

    def filled(place: re.Match[str]) -> str:
        table = tables.get(place["name"]) if place["kind"] == kind else None
        return place[0] if table is None else f"{place['begin']}{table.strip()}\n{place['end']}"

    text = _PLACE.sub(filled, document.read_text(encoding="utf-8"))
    document.write_text(text, encoding="utf-8")
    return len(wanted) - len(unknown)


def insert_headlines(document: Path, tables: Mapping[str, str]) -> int:
    """Fill every `<!-- headline: NAME -->…<!-- end: headline -->` from the table of that name; returns how many.

    Raises DocumentError, with the document untouched, for a name without a table or without a headline.
    """

    def filled(place: re.Match[str]) -> str:
        return f"{place[1]}{headline(place['name'], tables)}{place[3]}"

    text, count = _HEADLINE.subn(filled, document.read_text(encoding="utf-8"))
    if count:
        document.write_text(text, encoding="utf-8")
    return count


def headline(name: str, tables: Mapping[str, str]) -> str:
    """Take the headline figures of a table out of it. Raises DocumentError where they, or the table, are missing."""
    if name not in tables or name not in HEADLINES:
        raise DocumentError(f"there is no headline {name!r}: choose among {', '.join(sorted(HEADLINES))}")
    try:
        return HEADLINES[name](tables[name])
    except KeyError as error:
        raise DocumentError(f"the table {name!r} has no {error} for a headline: measure it again") from error


def column(table: str, head: str) -> dict[str, str]:
    """Read one column of a Markdown table, by the first cell of each row. Tables below each other are read as one."""
    found: dict[str, str] = {}
    heads: list[str] = []
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")] if line.startswith("|") else []
        if not cells or not heads:
            heads = cells
        elif head in heads and set(cells[0]) != {"-"}:
            found[cells[0]] = cells[heads.index(head)]
    return found


def _retrieval(table: str) -> str:
    across = table.partition("Scope cross-patient")[2]
    return ", ".join(
        f"{label} {column(across, label)['encoder']}" for label in ("texture", "calcified", "malignancy", "size")
    )


def _agent(table: str) -> str:
    return column(table, "test")["**all**"]


def _grounding(table: str) -> str:
    both = column(table, "both")
    return f"{both['**perturbed, caught**']} and {both['**honest, cut**']}"


def _installation(table: str) -> str:
    return column(table, "on the disk")["together"]


def _page_speed(table: str) -> str:
    p95 = column(table, "p95")
    click, word = p95["click to outlined region"], p95["question to first word"]
    return f"{click}, {word} and {p95['question to answer with gallery']}"


HEADLINES: dict[str, Callable[[str], str]] = {
    "retrieval": _retrieval,
    "agent": _agent,
    "grounding": _grounding,
    "installation": _installation,
    "page-speed": _page_speed,
}
