"""One message, tidied: case, punctuation, shorthand, misspellings, and number words as digits."""

import re
from collections.abc import Iterable

from assistant.core.number_words import DECADES, TENS, UNITS
from assistant.understanding.rules import abbreviations as shorthand
from assistant.understanding.rules import lexicon as lex
from assistant.understanding.rules.spelling import spelled

Table = tuple[tuple[re.Pattern[str], str], ...]


def _compiled(*tables: tuple[tuple[str, str], ...]) -> Table:
    return tuple((re.compile(pattern), replacement) for table in tables for pattern, replacement in table)


_FIRST = _compiled(shorthand.MARKS, shorthand.THUMBED, shorthand.HEARD, shorthand.SLURS, shorthand.SHORT)
_THEN = _compiled(shorthand.SLURS, shorthand.SHORT, shorthand.AMOUNTS, shorthand.FILLERS)


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
