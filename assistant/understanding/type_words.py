"""How people name lesion types and organs, as `type_words.toml` lists it."""

import tomllib
from pathlib import Path

_TABLES = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))


def _words(table: str) -> dict[str, tuple[str, ...]]:
    return {name: tuple(words) for name, words in _TABLES[table].items()}


TYPE_WORDS, MORE_TYPE_WORDS, ORGAN_WORDS = _words("types"), _words("more_types"), _words("organs")
GENERIC, NOT_ALONE = frozenset(_TABLES["generic"].split()), frozenset(_TABLES["not_alone"].split())
SAME_PART = tuple(tuple(parts) for parts in _TABLES["same_part"])
