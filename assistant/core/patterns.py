"""Regular expressions from the tables, compiled once and kept.

The `re` module remembers 512 patterns for the whole process and drops the rest; the tables alone have more.
"""

import re
from collections.abc import Iterator
from functools import cache


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile an expression once."""
    return re.compile(pattern)


def search(pattern: str, text: str) -> re.Match[str] | None:
    """Do `re.search` with a cached pattern."""
    return compiled(pattern).search(text)


def match(pattern: str, text: str) -> re.Match[str] | None:
    """Do `re.match` with a cached pattern."""
    return compiled(pattern).match(text)


def fullmatch(pattern: str, text: str) -> re.Match[str] | None:
    """Do `re.fullmatch` with a cached pattern."""
    return compiled(pattern).fullmatch(text)


def finditer(pattern: str, text: str) -> Iterator[re.Match[str]]:
    """Do `re.finditer` with a cached pattern."""
    return compiled(pattern).finditer(text)
