"""One message, tidied: case, punctuation, number words and misspellings, then cut where a new request begins."""

import difflib
import re
from collections.abc import Iterable

from assistant import lexicon as lex
from assistant.vocabulary import PLAIN

# -- normalisation -------------------------------------------------------------------------------------------------
_REPLACEMENTS = (
    (r"\b(max|min|approx|no|incl|ca|fem|pat|resp)\.", r"\1"), (r"\bwat\b", "what"), (r"\bdis\b", "this"),
    (r"\bur\b", "your"), (r"\bfem\b", "female"), (r"\bdoesn'?t\b", "does not"), (r"\bsub[- ]?cm\b", "at most 10 mm"),
    (r" for me\b", ""),
    (r"\bexcl\.", "excluding"), (r"\bovr\b", "over"), (r"\btopp\b", "top"), (r" & ", " and "),
    (r"(?:^|\s)\d\)\s", " + "), (r"\bhalf a dozen\b", "6"), (r"\ba handful(?: of)?\b", "5"),
    (r"\b([1-9]0)[- ]?somethings?\b", r"\1s"), (r"\bplus\b(?= or)", "+"), (r"\badn\b", "and"), (r"\bteh\b", "the"),
    (r"\bwome n\b", "women"), (r"\bmore (old|young|big|small|large|long) (?:than|then|as|like)\b", r"\1er than"),
    (r"\blargeer\b", "larger"),
    (r"\b(bigg?er|smaller|smaler|larger|older|younger|longer|shorter|more|less) (?:then|as|like)(?= \d| one\b| two\b)",
     r"\1 than"),
    (r"[‘’´`]", "'"), (r"\b(?:1|one) and a half\b", "1.5"), (r",? ?\b(?:please|kindly)\b,?", " "), (r"[“”]", '"'),
    (r"[–—−]", "-"), (r"\bwhat'?s\b", "what is"), (r"\bwhere'?s\b", "where is"), (r"\bwho'?s\b", "who is"),
    (r"\bit's\b", "it is"), (r"\bthat'?s\b", "that is"), (r"\bhow'?s\b", "how is"), (r"\bcan'?t\b", "cannot"),
    (r"\bdon'?t\b", "do not"), (r"\bisn'?t\b", "is not"), (r"\baren'?t\b", "are not"), (r"\bi'?m\b", "i am"),
    (r"\blet'?s\b", "let us"), (r"\bw/o\b", "without"), (r"\by\.?o\.?\b", "years old"), (r"\byrs?\b", "years"),
    (r"\bpts\b", "patients"), (r"\bpt\b", "patient"), (r",? ?\b(?:pls|plz)\b,?", " "), (r"\bu\b", "you"),
    (r"\bcentimet(?:er|re)s?\b", "cm"), (r"\bmillimet(?:er|re)s?\b", "mm"), (r"\bmilimet(?:er|re)s?\b", "mm"),
    (r"\bsub-?cent(?:imetric|imet(?:er|re)|imetre)\b", "at most 10 mm"), (r"\bsub ?cm\b", "at most 10 mm"),
    (r"(\d),(\d)(?= ?(?:mm|cm)\b)", r"\1.\2"), (r"\b(?:half a|a half) (?:cm)\b", "0.5 cm"),
    (r"\ba (cm|mm)\b", r"1 \1"), (r"\b1 and a half (cm|mm)\b", r"1.5 \1"), (r"(\d)(mm|cm|years)\b", r"\1 \2"),
    (r"(\d) ?y\b", r"\1 years"), (r"\ba couple(?: of)?\b", "2"), (r"\ba dozen\b", "12"), (r"\bhalf a dozen\b", "6"),
    (r"\bdozen\b", "12"),
)  # fmt: skip


def normalise(text: str, known_words: Iterable[str] = ()) -> str:
    """Lower case, plain punctuation, number words as digits, domain words spelled right."""
    text = re.sub(r"\s+", " ", text.lower()).strip()
    for pattern, replacement in _REPLACEMENTS:
        text = re.sub(pattern, replacement, text)
    text = _number_words(text)
    for pattern, replacement in _REPLACEMENTS:
        text = re.sub(pattern, replacement, text)
    return _spelled(text, frozenset(known_words))


def _number_words(text: str) -> str:
    for word, decade in lex.DECADES.items():
        text = re.sub(rf"\b{word}\b", f"{decade}s", text)
    for word, value in lex.TENS.items():
        for ones, unit in enumerate(lex.UNITS[1:10], 1):
            text = re.sub(rf"\b{word}[- ]{unit}\b(?!-)", str(value + ones), text)
        text = re.sub(rf"\b{word}\b", str(value), text)
    for value, word in enumerate(lex.UNITS):
        if word != "one":
            text = re.sub(rf"\b{word}\b", str(value), text)
    # "one" is mostly a pronoun: a number only before a unit or a noun that is counted
    text = re.sub(r"\bone(?= ?(?:to|-|or) ?\d)", "1", text)
    return re.sub(
        rf"(?<!this )(?<!that )(?<!which )(?<!the )\bone(?= (?:cm|mm|and a half|{lex.CASE}|most|closest|nearest)\b)",
        "1",
        text,
    )


_WORD = re.compile(r"[a-z]{4,}")


def _spelled(text: str, known_words: frozenset[str]) -> str:
    vocabulary = set(lex.SPELLED_OUT)

    def correct(match: re.Match[str]) -> str:
        word = match.group()
        if (
            word in vocabulary
            or word in lex.NOT_A_TYPO
            or word in PLAIN
            or word in known_words
            or _is_domain_word(word)
        ):
            return word
        for candidate in difflib.get_close_matches(word, lex.SPELLED_OUT, n=3, cutoff=0.75):
            if _one_slip(word, candidate) and not _inflected(word, candidate):
                return candidate
        return word

    return re.sub(rf"(?<![\w.-]){_WORD.pattern}(?![\w-])", correct, text)


def _inflected(word: str, target: str) -> bool:
    """Two forms of one word: "look" is no misspelling of "looks"."""
    short, long = sorted((word, target), key=len)
    return long.startswith(short) and long[len(short) :] in ("s", "d", "ed", "r", "er", "ing", "n", "y", "ly")


def _one_slip(word: str, target: str) -> bool:
    """One letter wrong, missing, extra or swapped; two in long words. The first letter is rarely the wrong one."""
    if word[0] != target[0] and sorted(word) != sorted(target):
        return False
    if len(target) < 6 and len(word) == len(target) and sorted(word) != sorted(target):
        # in a short word one wrong letter makes another word (mate, male), but for a vowel (wemen)
        return all(x == y or (x in "aeiou" and y in "aeiou") for x, y in zip(word, target, strict=True))
    return _distance(word, target) <= (1 if len(target) < 8 else 2)


def _distance(a: str, b: str) -> int:
    """Edits to get from a to b, neighbours swapped counting as one (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        older, before = before, row
        row = [i]
        for j, y in enumerate(b, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (x != y)))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                row[j] = min(row[j], older[j - 2] + 1)
    return row[-1]


def _is_domain_word(word: str) -> bool:
    return any(re.fullmatch(pattern, word) for pattern in _DOMAIN_PATTERNS)


_DOMAIN_PATTERNS = tuple(
    re.compile(p)
    for p in (
        *(w for words in lex.TYPE_WORDS.values() for w in words), *lex.SEX_WORDS.values(), lex.LESION, lex.CASE,
        *(p for p, _ in lex.AGE_PHRASES), *(p for _, p in lex.OUT_OF_SCOPE),
    )
)  # fmt: skip


# -- cutting a message into requests -------------------------------------------------------------------------------
_STARTS = (
    r"(?:please |could you |can you |would you |i want (?:you )?to |let us |then |also |and |now |finally )*"
    r"(?:measure|describe|compare|find|show|search|write|explain|tell|give|list|save|export|make|create|generate"
    r"|suggest"
    r"|look for|teach|how|what|which|why|where|is it|is this|does|print|produce|prepare|count|propose|report"
    r"|(?:an? |the )?(?:html |json |dicom )?report)\b"
)
_CUT = re.compile(
    rf"(?:\s*[.;?!](?=\s|$)\s*|\s\+\s|,?\s+and (?:separately|then) (?=in |for |from )|,?\s+and (?=for r\d|r\d+ in "
    rf"|r\d+ only)|,?\s+(?:and then|then|after that|afterwards)\s+(?:please )?"
    rf"|,?\s+(?:and also|and|also|plus|but also|, finally)\s+(?={_STARTS})|,\s*(?={_STARTS}))"
)


def clauses(text: str) -> list[str]:
    """A normalised message cut where a new request begins."""
    protected = re.sub(r"(?<=\d)\.(?=\d)", "\x01", text)
    # "compare R1 and the closest": an `and` before a verb cuts, before a noun it does not
    parts = [p.replace("\x01", ".").strip(" ,") for p in _CUT.split(protected)]
    return [p for p in parts if re.search(r"[a-z0-9#]", p)]
