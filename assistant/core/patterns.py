"""Number words, and where sentences end."""

import re

_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|vs|approx|ca|cf|no|nr|fig|al|dr|etc|min|max|[A-Z])\.$|(?:^|\n)\s*\(?\d{1,2}[.)]$",
    re.IGNORECASE,
)
DECADES = {
    "twenties": 20, "thirties": 30, "forties": 40, "fourties": 40, "fifties": 50, "sixties": 60, "seventies": 70,
    "eighties": 80, "nineties": 90,
}  # fmt: skip
_UNITS = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen
"""
UNITS = tuple(_UNITS.split())
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10,
}  # fmt: skip


def split_sentences(text: str) -> list[str]:
    """Cut a text behind every sentence and line; joined, the pieces are the text again."""
    pieces: list[str] = []
    start = 0
    for match in re.finditer(r"\n+|(?<=[.!?])[”\"')*]*\s+", text):
        if "\n" not in match.group() and _ABBREVIATION.search(text[start : match.start()]):
            continue
        pieces.append(text[start : match.end()])
        start = match.end()
    if start < len(text):
        pieces.append(text[start:])
    return pieces
