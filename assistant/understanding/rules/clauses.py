"""Cutting a normalised message where a new request begins, or somebody thinks better of it; and what a request holds.

Slots are filters, counts, and what a request points at. Readers blank out what they have read.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from assistant.core import patterns
from assistant.core.requests import FilterName, HitRef, RegionRef
from tools.domain.lesions import Scope, Sex

# Words that open a request and say what it is; after a comma or an "and" one of them begins a new request.
_LEAD_IN = (
    r"(?:please |could you |can you |would you |will you |i want (?:you )?to |i would like (?:you )?to |i like"
    r" (?:you )?to |i need (?:you )?to |let us |then |also |and |now |finally "
    r"|while (?:you|we) are (?:at it|there|here|chatting),? |(?:when|once) (?:you are|that is) done,? |if you (?:can"
    r"|could|would|will|do not mind)(?: bear with me)?,? "
    r"|after |second(?:ly)? (?=how|what|why|which)|give us |show us |get us |send us |i would like |i want |i need "
    r"|first |next |just |maybe |perhaps |lastly |at "
    r"last |to |do |give me |show me |get me |make me |share |send"
    r" me |write me |me |my |you |the |an? |its |1 |one |some )*"
)
_HEADS: tuple[tuple[str, str], ...] = (
    ("measure", r"measur\w*|dimensions?|how (?:big|large|long|wide|small|dense)|sizes?(?! (?:filter|limit|does|is"
                r"|range|between|over|under|of \d|\d|no|any|only))(?= of|$|,|;| and| please)|hu\b|density"),
    ("report", r"(?:structured |html |json |dicom |pdf |sr |markdown |plain |text |short |printable |full )*report"
               r"|(?:sr|json|html|pdf|dicom(?:-| )s(?:r|eg)|markdown)(?: (?:export|file|version))?\b|export|save"
               r"|download|write|print|document|write-?up|generate|produce|prepare|create"),
    ("search", r"(?:\d+ )?(?:most )?(?:similar|look-?alikes?|neighbou?rs|nearest neighbou?rs|matches|matching"
               r"|closest \d+|nearest \d+|top[ -]\d+)|find|search|look for|retrieve|fetch|pull|query|list|show"),
    ("compare", r"compare\b|comparison"),
    ("other", r"describe|explain|teach|tell|suggest|propose|count|report back|what|which|why|where|is it|is this"
              r"|does|how\b(?! about)"),
)  # fmt: skip
_HEAD = re.compile(rf"{_LEAD_IN}(?:{'|'.join(words for _, words in _HEADS)})\b")
_OPENING = re.compile(
    r"(?:measure|describe|compare|find|show|search|write|explain|tell|give|list|save|export|make|create|generate"
    r"|suggest|look for|teach|how|what|which|why|where|is it|is this|does|print|produce"
    r"|prepare|count|propose|report|have you (?:got|any|seen)|got any|are there|is there|is (?:mine|he|she)\b|do you "
    r"(?:think|reckon)|should (?:i|we|he|she)"
    r"|will (?:it|he|she)|do (?:i|we) (?:need|have)|put .* (?:beside|next to|against|alongside)|line up|open|say what"
    r"|say why|any (?:twins?|similar|match(?:es)?|look-?alikes?|others? like)|similar (?:to|for) r\d|re-?run"
    r"|identify|label|details (?:on|of|about)|a (?:second|separate|further) search"
    r"|(?:an? |the |1 )?(?:html |json |dicom )?report)\b"
)
_ALWAYS = re.compile(
    r"\s*[.;?!]+(?=\s|$)\s*|\s?\+\s(?!r\d)|,?\s+and (?:separately|then) (?=in |for |from )|,?\s+and (?=for r\d"
    r"|r\d+ in |r\d+ only|r\d+ top)"
    r"|(?:(?<=\bundo that)|(?<=\bundo it)|(?<=\bundo)|(?<=\bgo back)|(?<=\bstep back)),? and |,?\s+(?:and then|then"
    r"|after (?:that|this)|afterwards|followed by|and afterwards|as well as"
    r" then)\s+(?:please )?|,?\s*(?<=\d) then |\s*:\s+(?=what|how|measure|find|show|describe|compare|explain)"
)
_MAYBE = re.compile(
    r",?\s+(?:and also|and|also|plus|but also|, finally|but|as well as|or)\s+|,\s*|\s+-\s+|\s*/\s*(?=report"
    r"|similar|measure)"
)

_RELATIVE = re.compile(
    r"(?:which|where|that) (?:are|is|have|has|were|was|come|comes|i|would|lie|show|measure)\b(?! (?:it|this|that"
    r"|the|they|these|there|my)\b)|show(?:s|ing)\b"
)
_UNWANTED = re.compile(
    r"(?:(?:but|yet|still|also|just|only|so|please|now|then) )*(?:skip|no need (?:for|to)|do not(?! you)|without"
    r"|never mind|forget(?: about)?|no|not yet|not|stop|instead of|rather than|(?:hold|wait)(?: on)? (?:with|on))"
    r" (?:(?:the|a|any|any more|an|more|doing|need|want|have to|bother|with|write|make|search|generate|find|you|to) )*"
    r"(?:measur\w*|reports?|compar(?!able)\w*|describ\w*|anything(?: yet)?|searching|explanations?|lesson"
    r"|suggestions?)\b(?! (?:of|in|from|for|that|like|but|else|over|under|above|below|older|younger|larger|bigger"
    r"|smaller|with|who|which|outside|except) )"
)

# Somebody corrects himself: what follows replaces what it contradicts.
_REPAIR = re.compile(
    r"(?:\s*(?:,|\.{2,}|-|;|\(|\.|!)?\s*\b(?:but |and |or |oh |hm+ |ah )*"
    r"(?:no[,.]? wait|wait[,.]? no|no[,.]? (?:make (?:it|that)|let us (?:say|do|make it)|rather|actually|sorry"
    r"|better|i mean\w*|instead)|nah|nope|or rather|or (?:better|actually|no)|rather(?! than)|no sorry"
    r"|i mean(?:t)?(?: to say)?|(?:i am )?sorry(?! (?:if|to|for|about|but|i am|that))|my (?:bad|mistake)|scratch"
    r" that|strike that|correction|hang on|hold on|wait(?: a (?:second|moment|minute))?|on second thoughts?|i take"
    r" that back|oops|whoops|(?:my )?mistake|my error|did i (?:just )?say [\w -]{1,30}\?|i should have said|pardon"
    r"|make that|let us make (?:it|that)|in fact|better(?: yet)?|on reflection|come to think of it)\b[,.:]*\s*)+"
    r"|(?:(?:\s*,\s*no(?:,|\.{2,})\s+|\s*(?:\.{2,}|-)\s*no\b,?\s+)(?!(?:limit|filter|need|matter|more|less|older"
    r"|younger|bigger|larger|smaller|restriction|\w+ (?:limit|filter))))"
)
_TRAILING = re.compile(r"[, ]*\b(?:i mean(?:t)?|sorry|actually|rather|instead of that|in fact|i think|no)\W*$")


_CALLED_OFF = re.compile(
    r"(?:(?:oh|ah|no|nah|nope|but|actually|well|hm+),? )*(?:do not(?: (?:bother|do (?:it|that)))?|leave (?:it|that)"
    r"|forget (?:it|that)"
    r"|never ?mind(?: that| it)?|skip (?:it|that))"
    r"(?=\W|$)(?!\s+\w)"
)
SHOW_MORE = 10
NUMBER = r"(\d+(?:\.\d+)?)"
BLANK = " \x00 "


@dataclass(frozen=True)
class Clause:
    """One request's words; `repairs` when they correct the clause before."""

    text: str
    repairs: bool = False


def unwanted(clause: str) -> bool:
    """Whether a clause only says what is not to be done: "no report yet", "skip the measurements"."""
    return bool(_UNWANTED.match(clause))


_COMPLAINT = re.compile(
    r"(?:(?:no|hey|but|oh),? )*(?:you|this|it|these|those) (?:just )?(?:gave|give|showed|show|listed|included|took"
    r"|understood|heard|are showing|have shown)"
    r"(?: me)?(?! more)\b"
)


def complains(clause: str) -> bool:
    """Whether a clause only says what was done wrong: "you gave me men"."""
    return bool(_COMPLAINT.match(clause))


def called_off(clause: str) -> bool:
    """Whether a clause takes back the request before it: "oh, do not bother"."""
    return bool(_CALLED_OFF.match(clause))


def clauses(text: str) -> list[Clause]:
    """A normalised message cut where a new request begins or the last one is corrected."""
    found: list[Clause] = []
    for number, said in enumerate(_cut_repairs(text)):
        protected = re.sub(r"(?<=\d)\.(?=\d)", "\x01", said)
        pieces = [piece for sentence in _ALWAYS.split(protected) for piece in _cut_lists(sentence)]
        texts = [p.replace("\x01", ".").strip(" ,:-") for p in pieces]
        texts = [t for t in texts if patterns.search(r"[a-z0-9#]", t)]
        found += [Clause(t, repairs=bool(number and not i and found)) for i, t in enumerate(texts)]
    return found


def _cut_repairs(text: str) -> list[str]:
    parts, last = [], 0
    for match in _REPAIR.finditer(text):
        if patterns.search(r"[a-z0-9]", text[last : match.start()]) and patterns.search(
            r"[a-z0-9]", text[match.end() :]
        ):
            parts.append(text[last : match.start()])
            last = match.end()
    rest = _TRAILING.sub("", text[last:])
    if (
        not parts and rest.count(",") == 1 and re.search(r"\b(?:mean|meant|sorry)\W*$", text)
    ):  # "only renal, hepatic ones I mean"
        return rest.split(",")
    return [*parts, rest]


def _cut_lists(sentence: str) -> list[str]:
    """Cut at a comma or an "and" before words that open a request of their own."""
    pieces: list[str] = []
    last = 0
    for match in _MAYBE.finditer(sentence):
        rest = sentence[match.end() :]
        if (
            not (_HEAD.match(rest) or _OPENING.match(rest) or _UNWANTED.match(rest))
            or _RELATIVE.match(rest)
            or not sentence[last : match.start()].strip()
        ):
            continue
        kind, before = _kind(rest), _kind(sentence[last : match.start()])
        if (
            _UNWANTED.match(rest)
            or _OPENING.match(re.sub(rf"^{_LEAD_IN}", "", rest))
            or _OPENING.match(rest)
            or (kind != before and before)
        ):
            pieces.append(sentence[last : match.start()])
            last = match.end()
    return [*pieces, sentence[last:]]


def _kind(piece: str) -> str:
    piece = re.sub(rf"^\W*{_LEAD_IN}", "", piece.strip())
    return next((name for name, words in _HEADS if patterns.match(rf"(?:{words})(?!\w)", piece)), "")


@dataclass
class Slots:
    """What was read so far, and the text that is left."""

    text: str
    min_size_mm: float | None = None
    max_size_mm: float | None = None
    min_age: int | None = None
    max_age: int | None = None
    sex: Sex | None = None
    other_sex: bool = False  # than was searched for, else than the patient's
    scope: Scope | None = None
    types: list[str] = field(default_factory=list)  # to search in
    left_out: list[str] = field(default_factory=list)  # types not to search in
    named: list[str] = field(default_factory=list)  # types named without being a filter ("this liver lesion")
    unknown_types: list[str] = field(default_factory=list)
    k: int | None = None
    more: int = 0  # how many hits more than last time
    cleared: set[FilterName] = field(default_factory=set)
    cleared_end: Literal["", "min", "max"] = ""  # "without the lower bound"
    clear_all: bool = False
    regions: list[RegionRef] = field(default_factory=list)
    hits: list[HitRef] = field(default_factory=list)
    nth: int | None = None
    age_like_patient: bool = False
    ages_as_before: bool = False  # "same ages": of the last search, if it had a range
    size_like_region: bool = False
    unclear: str = ""
    unread: tuple[str, ...] = ()  # numbers that nothing explains

    @property
    def has_person_or_size(self) -> bool:
        return any(
            v is not None
            for v in (self.sex, self.min_age, self.max_age, self.min_size_mm, self.max_size_mm, self.scope)
        ) or (self.age_like_patient or self.size_like_region or self.other_sex)

    @property
    def has_filters(self) -> bool:
        """Something that narrows a search was said."""
        return bool(self.types or self.left_out or self.has_person_or_size or self.k)

    @property
    def any(self) -> bool:
        """Anything at all was read."""
        return bool(
            self.has_filters
            or self.cleared
            or self.cleared_end
            or self.clear_all
            or self.regions
            or self.hits
            or self.nth
            or self.unclear
            or self.unread
        )

    def take(self, pattern: str, use: Callable[[re.Match[str]], bool | None]) -> bool:
        """Blank out every match that `use` accepts (by not returning False)."""
        taken = False

        def one(match: re.Match[str]) -> str:
            nonlocal taken
            if use(match) is False:
                return match.group()
            taken = True
            return BLANK

        self.text = patterns.compiled(pattern).sub(one, self.text)
        return taken
