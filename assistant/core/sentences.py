"""Where sentences end, in text that is still being written."""

import re

_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:e\.g|i\.e|vs|approx|ca|cf|no|nr|fig|al|dr|etc|min|max|[A-Z])\.$|(?:^|\n)\s*\(?\d{1,2}[.)]$",
    re.IGNORECASE,
)


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
