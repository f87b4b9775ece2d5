"""One message, tidied: case, punctuation, shorthand, misspellings, and number words as digits.

A word is touched only if it is neither English (the dictionary of pyspellchecker) nor a word of the domain, and then
becomes the nearest word of the domain: one slip in a short word, two in a long one (optimal string alignment).
"""

import gzip
import json
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from pathlib import Path

from rapidfuzz import process
from rapidfuzz.distance import OSA

from assistant.core import patterns
from assistant.core.patterns import DECADES, TENS, UNITS
from assistant.understanding.rules import lexicon as lex
from assistant.understanding.rules.intent_of_clause import DECLINED
from assistant.understanding.type_words import TYPE_WORDS

Table = tuple[tuple[re.Pattern[str], str], ...]
_WORD = re.compile(r"(?<![\w.#/-])[a-z]{3,}(?![\w-])", re.IGNORECASE)
_LONG = 7  # letters from which a second slip is forgiven
_COMMON = 30_000  # occurrences of a word that anybody may have meant
_RARER = 2_000  # times: then even a "word" is rather a slip
_SEEN = 20  # occurrences in the dictionary's sources below which a "word" may itself be a misspelling


def _compiled(*sections: str) -> Table:
    return tuple((re.compile(pattern), replacement) for name in sections for pattern, replacement in _SHORTHAND[name])


_SHORTHAND = tomllib.loads(Path(__file__).with_name("abbreviations.toml").read_text(encoding="utf-8"))
_FIRST = _compiled("marks", "thumbed", "heard", "slurs", "short")
_THEN = _compiled("slurs", "short", "amounts", "fillers")


def normalise(text: str, known_words: Iterable[str] = ()) -> str:
    """Lower case, plain punctuation, number words as digits, domain words spelled right."""
    text = _rewritten(re.sub(r"\s+", " ", text.lower()).strip(), _FIRST)
    text = spelled(text, frozenset(known_words))
    text = _number_words(_rewritten(text, _THEN))
    text = _rewritten(text, _THEN)
    return re.sub(r"\s+", " ", text).strip()


def _rewritten(text: str, table: Table) -> str:
    for pattern, replacement in table:
        text = pattern.sub(replacement, text)
    return text


_TENS = "|".join(TENS)
_ONES = "|".join(UNITS[1:10])
_SMALL = "|".join(word for word in UNITS if word != "one")
_COMPOUND = re.compile(rf"\b({_TENS})[- ]?({_ONES})\b(?!-)(?! (?:of|lesions?|hits?|cases?|regions?)\b)")
_TENS_WORD = re.compile(rf"\b({_TENS})\b")
_SMALL_WORD = re.compile(rf"\b({_SMALL})\b")
_DECADE = re.compile(rf"\b({'|'.join(DECADES)})\b")
# "one" is mostly a pronoun: a number only before a unit, a noun that is counted, or another number
_ONE = re.compile(
    rf"(?<!this )(?<!that )(?<!which )(?<!the )(?<!another )(?<!each )(?<!closest )(?<!second )\bone"
    rf"(?= (?:cm|mm|inch|and a half|{lex.CASE}|most|closest|nearest|place|spot|report|similar)\b| ?(?:to|or|-) ?\d"
    rf"| (?:is|will) (?:enough|sufficient|plenty|do)\b| point \d)|(?<=\bbetween )one\b|(?<=\bregion )one\b|"
    rf"(?<=\broi )one\b"
    rf"|(?<=\bonly )one$|(?<=\bjust )one$|(?<=\btop )one\b|(?<=\bnumber )one\b|(?<=\bhit )one\b"
)


def _number_words(text: str) -> str:
    text = _DECADE.sub(lambda m: f"{DECADES[m.group(1)]}s", text)
    text = _COMPOUND.sub(lambda m: str(TENS[m.group(1)] + UNITS.index(m.group(2))), text)
    text = _TENS_WORD.sub(lambda m: str(TENS[m.group(1)]), text)
    text = _SMALL_WORD.sub(lambda m: str(UNITS.index(m.group(1))), text)
    return _ONE.sub("1", text)


def spelled(text: str, known_words: frozenset[str] = frozenset()) -> str:
    """The text with its misspelt domain words set right; `known_words` (such as an atlas's types) are let alone.

    Words that stay keep their capitals, those set right have none.
    """

    def correct(match: re.Match[str]) -> str:
        word = match.group().lower()
        right = word if word in known_words else _corrected(word)
        return match.group() if right == word else right

    return _WORD.sub(correct, text)


@cache
def _corrected(word: str) -> str:
    if is_domain_word(word):
        return word
    if word in _swapped():
        return _swapped()[word]
    if english(word):
        return word
    slips = 1 if len(word) < _LONG else 2
    near = process.extract(word, _targets(), scorer=OSA.distance, score_cutoff=slips, limit=12)
    ranked = [
        (distance, _unlikeliness(word, target), -_counts().get(target, 0), target)
        for target, distance, _ in near
        if _plausible(word, target)
    ]
    return min(ranked)[-1] if ranked else word


def _plausible(word: str, target: str) -> bool:
    """The first letter is rarely the wrong one, and a short word is rather cut short than wrong in a consonant."""
    if word[0] != target[0] and sorted(word) != sorted(target):
        return False
    if len(word) == 3:
        return len(target) == 4
    if len(target) > 4 or len(word) != len(target) or sorted(word) == sorted(target):
        return True
    return all(a == b or {a, b} <= set("aeiouy") for a, b in zip(word, target, strict=True))


def _unlikeliness(word: str, target: str) -> int:
    """Words of anatomy come before others at the same distance, then letters left out or swapped."""
    return (not _anatomy(target)) + (len(word) == len(target) and sorted(word) != sorted(target))


@cache
def _swapped() -> dict[str, str]:
    """Common words with two neighbouring letters swapped, the commonest typing slip: "taht", "wiht", "oen"."""
    common = [w for w, n in _counts().items() if n >= _COMMON and 3 <= len(w) <= 8]
    slips: dict[str, str] = {}
    for word in [*sorted(common, key=lambda w: _counts()[w]), *(w for w in _targets() if len(w) >= 4)]:
        for i in range(len(word) - 1):
            slips[word[:i] + word[i + 1] + word[i] + word[i + 2 :]] = word
    return {
        slip: word
        for slip, word in slips.items()
        if not english(slip) or (_counts()[slip] * _RARER < _counts().get(word, 0))
    }


@cache
def english(word: str) -> bool:
    """Whether a word is in the English dictionary often enough to be no misspelling."""
    return _counts().get(word, 0) >= _SEEN


@cache
def _counts() -> dict[str, int]:
    packed = files("spellchecker").joinpath("resources/en.json.gz").read_bytes()
    counts: dict[str, int] = json.loads(gzip.decompress(packed))
    return counts


@cache
def is_domain_word(word: str) -> bool:
    """Whether a word stands in the tables."""
    return word in lex.SPELLED_OUT or any(p.fullmatch(word) for p in _DOMAIN)


@cache
def _anatomy(word: str) -> bool:
    return any(patterns.fullmatch(p, word) for words in TYPE_WORDS.values() for p in words)


_DOMAIN = tuple(
    re.compile(p)
    for p in (
        *(w for words in TYPE_WORDS.values() for w in words), *lex.SEX_WORDS.values(), lex.LESION, lex.CASE,
        *(p for p, _ in lex.AGE_PHRASES), *(p for _, rows in DECLINED for p in rows),
    )
)  # fmt: skip


@cache
def _targets() -> tuple[str, ...]:
    """What a misspelt word may become: the words spelled out in the tables, as far as they are whole words."""
    tables = " ".join(
        (
            *(p.pattern for p in _DOMAIN), *lex.FILTER_NAMES.values(), lex.LEAVE_OUT, lex.OVER, lex.UNDER,
            lex.SAME_PATIENT, lex.OTHER_PATIENTS, lex.PEOPLE, lex.PLACE, *(p for _, p in lex.REPORT_FORMATS),
        )
    )  # fmt: skip
    found = set(re.findall(r"(?<![a-z\\])[a-z]{4,}(?![a-z])", tables))
    found |= set(re.findall(r"(?<![a-z\\])([a-z]{3,})s\?", tables))  # "kidneys?" is both
    whole = {w for w in found if english(w) or _anatomy(w)}
    plural = {f"{w}s" for w in whole if is_domain_word(f"{w}s")}
    return tuple(sorted(whole | plural | set(lex.SPELLED_OUT)))
