"""Mentions of lesion types in a text: where they stand, and which type of the atlas at hand each one names.

Any atlas is read: its own names in singular and plural, with a slip of spelling, in parts that name nothing else in it
("nodes" of an atlas with lymph nodes), and where it holds a type of the tables, in all the words of that. Anatomy that
the atlas has no type for is a mention too, of `?`.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from assistant.understanding.call_language import UNKNOWN_TYPE
from assistant.understanding.type_words import GENERIC, MORE_TYPE_WORDS, NOT_ALONE, ORGAN_WORDS, SAME_PART, TYPE_WORDS

_LONG = 8  # letters from which a second slip is forgiven
_SHORTEST = 4  # letters of a word that may be misspelt
# words that are right as they are: of the 30,000 most used of English (the package wordfreq's), and of this field
_OTHER_WORDS = """
live lives lived level lever levers never delivered leaves nodule nodules hematoma hematomas haematoma ancillary
auxiliary beast beasts bell bella belle bello bells billy blasting bonds boner bonus bowed bowen bower bowl boxes
bully colin colo colony color colton coon hilary kindness liner liners liter liters livery lover lovers lyric
prosthetic real recital regal rein reins rene rental scrum seine shine sine spice spike spin spins spiral spire
spite splendid swine tammy timmy tommy
"""
_NO_SLIPS = frozenset(_OTHER_WORDS.split())
_INITIALS = 3  # letters that a name is shortened to at least
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class TypeMention:
    """A lesion type that is named: where, and which type of the atlas, `?` for none of it."""

    start: int
    end: int
    name: str


def folded(text: str) -> str:
    """Lower the case and drop the accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).lower()


def find_types(text: str, atlas_types: Sequence[str]) -> list[TypeMention]:
    """Find the types that a folded text names, in order; of overlapping wordings the longest."""
    vocabulary = _vocabulary(tuple(atlas_types))
    spelled, places = _spelled(text, tuple(atlas_types))
    if vocabulary.any.search(spelled) is None:
        return []
    found: list[tuple[int, int, int, str]] = []
    for rank, (name, pattern) in enumerate(vocabulary.patterns):
        found += [(m.start() - m.end(), rank, m.start(), name) for m in pattern.finditer(spelled)]
    chosen: list[TypeMention] = []
    for length, _, start, name in sorted(found):
        end = start - length
        if all(end <= one.start or start >= one.end for one in chosen):
            chosen.append(TypeMention(start, end, name))
    return [TypeMention(places[m.start], places[m.end], m.name) for m in sorted(chosen, key=lambda one: one.start)]


@dataclass(frozen=True)
class _Vocabulary:
    patterns: tuple[tuple[str, re.Pattern[str]], ...]  # names of the atlas first, then their synonyms, then the unknown
    any: re.Pattern[str]  # all of them
    words: tuple[str, ...]  # that may be misspelt


@lru_cache(maxsize=1024)  # more than the atlases of the training
def _vocabulary(atlas_types: tuple[str, ...]) -> _Vocabulary:
    texts = {name: re.sub(r"[-_ ]+", " ", folded(name)).strip() for name in atlas_types}
    own = [(name, _alternatives(_names_of(text, texts.values()))) for name, text in texts.items()]
    by_text = {text: name for name, text in texts.items()}
    synonyms, unknown = [], []
    for table in (ORGAN_WORDS, TYPE_WORDS, MORE_TYPE_WORDS):
        for text, words in table.items():
            if text in by_text:
                synonyms.append((by_text[text], "|".join(words)))
            else:
                unknown.append((UNKNOWN_TYPE, "|".join(words)))
    correct = {word for name in texts.values() for word in name.split()}
    tables = [*TYPE_WORDS.items(), *ORGAN_WORDS.items()]
    correct |= {one for text, rows in tables if text in by_text for row in rows for one in spelled_out(row)}
    rows = [(name, words) for name, words in (*own, *synonyms, *unknown) if words]
    return _Vocabulary(
        tuple((name, _pattern(words)) for name, words in rows),
        _pattern("|".join(words for _, words in rows)),
        tuple(sorted(one for one in correct if len(one) >= _SHORTEST and one not in GENERIC and " " not in one)),
    )


@lru_cache(maxsize=4096)
def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)")


def spelled_out(expression: str) -> list[str]:
    """List the wordings that an expression of the tables stands for."""
    part = re.search(r"\(\?:([^()]*)\)(\??)|(\w| |-)(\?)|\[- \]", expression)
    if part is None:
        return [expression]
    options = [*(part[1] or part[3] or " ").split("|"), *([""] if part[2] or part[4] else [])]
    before, after = expression[: part.start()], expression[part.end() :]
    return [word for option in options for word in spelled_out(before + option + after)]


def _names_of(name: str, of_all: Iterable[str]) -> set[str]:
    """List the ways to write a name in the singular: parts changed for their synonyms, its head, its initials."""
    parts = name.split()
    names = {name}
    for same in SAME_PART:
        for one in same:
            names |= {
                re.sub(rf"\b{one}\b", other, before)
                for before in list(names)
                if re.search(rf"\b{one}\b", before)
                for other in same
            }
    if len(parts) > 1:
        heads = [word for other in of_all for word in {other, other.split()[-1]}]
        if parts[-1] in GENERIC and not set(parts[:-1]) <= GENERIC | NOT_ALONE:
            names |= {" ".join(one.split()[:-1]) for one in names if len(one.split()) > 1 and one.endswith(parts[-1])}
        elif heads.count(parts[-1]) == 1 and parts[-1] not in GENERIC:
            names.add(parts[-1])
        before = {one: one.rpartition(" ") for one in names if " " in one}
        names |= {f"{head}{many} of the {rest}" for rest, _, head in before.values() for many in ("", "s")}
        words = [word for other in of_all for word in set(other.split())]
        rest = " ".join(parts[:-1])
        if words.count(parts[0]) == 1 and len(rest) >= _SHORTEST and not {*parts[:-1]} & (GENERIC | NOT_ALONE):
            names |= {one.rpartition(" ")[0] for one in before if one.endswith(f" {parts[-1]}")}
    initials = "".join(part[0] for part in parts)
    return names | ({initials} if len(initials) >= _INITIALS else set())


_PLURALS = (("is", "(?:is|es)"), ("oma", "oma(?:s|ta)?"), ("us", "(?:us|i|uses)"), ("um", "(?:um|ums|a)"),
            ("y", "(?:y|ies|ys)"), ("x", "(?:x|xes|ces)"), ("s", "s(?:es)?"))  # fmt: skip


def _alternatives(names: set[str]) -> str:
    """Write names as an expression that takes singular and plural, and hyphens for spaces."""
    written = []
    for name in sorted(names, key=len, reverse=True):
        end, plural = next(((e, p) for e, p in _PLURALS if name.endswith(e)), ("", "(?:e?s)?"))
        stem = re.escape(name.removesuffix(end)).replace(r"\ ", "[- ]?")
        written.append(stem + plural)
    return "|".join(written)


def _spelled(text: str, atlas_types: tuple[str, ...]) -> tuple[str, list[int]]:
    """Set misspelt words right; also the place in `text` of each character, and of the end."""
    parts: list[str] = []
    places: list[int] = []
    done = 0
    for match in _WORD.finditer(text):
        word = match.group()
        if len(word) >= _SHORTEST and (right := _nearest(word, atlas_types)) != word:
            parts += [text[done : match.start()], right]
            places += [*range(done, match.start()), *[match.start()] * len(right)]
            done = match.end()
    return "".join([*parts, text[done:]]), [*places, *range(done, len(text) + 1)]


@lru_cache(maxsize=65_536)
def _nearest(word: str, atlas_types: tuple[str, ...]) -> str:
    """Return the name a word may be a slip of, the word itself where there is none."""
    vocabulary = _vocabulary(atlas_types)
    words = vocabulary.words
    if word in words or word in _NO_SLIPS or word in GENERIC or word.removesuffix("s") in words:
        return word
    if vocabulary.any.fullmatch(word):
        return word
    slips = 1 if len(word) < _LONG else 2
    near = process.extract(word, words, scorer=OSA.distance, score_cutoff=slips, limit=4)
    return next((name for name, _, _ in near if _plausible(word, name)), word)


def _plausible(word: str, name: str) -> bool:
    """Accept a short word only with a letter missing or letters swapped: "livr" and "lugn", but not "long"."""
    swapped = sorted(word) == sorted(name)
    if len(word) == _SHORTEST or len(name) == _SHORTEST:
        return word[0] == name[0] and (swapped or len(word) < len(name))
    return word[0] == name[0] or swapped
