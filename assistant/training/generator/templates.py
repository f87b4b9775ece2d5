"""A pocket grammar: `(show|give) me {lesions}( please|)` says four things, `{…}` stands for a row of a table."""

import random
import re
from collections.abc import Mapping, Sequence

_CHOICE = re.compile(r"\(([^()]*)\)")
_NAME = re.compile(r"\{(\w+)\}")


def say(pattern: str, rng: random.Random, tables: Mapping[str, Sequence[str]], **slots: str) -> str:
    """One random sentence of a pattern. Slots are put in last, so that their text is never read as a pattern."""
    while match := _NAME.search(pattern):
        name = match.group(1)
        text = f"\x01{name}\x02" if name in slots else rng.choice(tables[name])
        pattern = pattern[: match.start()] + text + pattern[match.end() :]
    while match := _CHOICE.search(pattern):
        pattern = pattern[: match.start()] + rng.choice(match.group(1).split("|")) + pattern[match.end() :]
    text = re.sub(r"\x01(\w+)\x02", lambda m: slots[m.group(1)], pattern)
    return re.sub(r"\s+", " ", re.sub(r"\s+([,.?!;:])", r"\1", text)).strip()
