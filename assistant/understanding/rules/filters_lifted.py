"""Filters that a request lifts: "any age", "drop the size limit", "no lower bound"."""

import re
from typing import Literal, cast

from assistant.core import patterns
from assistant.core.requests import FilterName
from assistant.understanding.rules import lexicon as lex
from assistant.understanding.rules.clauses import Slots
from assistant.understanding.rules.quantities_in_words import LOWER_END, UPPER_END
from assistant.understanding.type_words import TYPE_WORDS

_ANY_TYPE = "|".join(w for words in TYPE_WORDS.values() for w in words)
_EVERYTHING = (
    rf"\b(?:{lex.LIFT}|take|all)(?: (?:away|off|out|all|any|every|the|of|those|these|my|previous|earlier|other"
    rf"|single))*"
    r" (?:filters?|restrictions?|limits?|constraints?|criteria|conditions)\b(?! (?:on|of|for|about|to) )(?: (?:off"
    r"|away|out|again|any more|anymore|gone|removed|now))*"
    r"|\bunfiltered\b|\b(?:all )?(?:filters|filter(?! out)) (?:off|out|away|gone|none)\b"
    r"|\bfilters?: ?none\b|\bno(?:thing)?"
    r" (?:filter|filtering|filtered)\b"
)
_MAKE_NO_CLEAR = re.compile(r"\b(?:keep|keeping|preserve|retain|stay|stays|leave (?:the )?\w+ (?:as|alone|on))\b")


_NO_NUMBER = r"(?![^,;.]*\d)"
_STAYS = r"(?! (?:stays?|can stay|remains?|in place|as it is|where it is|alone|untouched|let stay|leave))"
_END_OF = r"(?:(?:,? (?:of the|of|for the|for) )(?:ages?|sizes?|diameters?|range|years))?"
_LIFTED_ENDS: dict[str, tuple[str, ...]] = {
    name: (
        rf"\b(?:{lex.LIFT}|{lex.LEAVE_OUT}|let go of|do not need|not need)(?: (?:the|that|this|my|just|only"
        rf"|of))* {end}\b{_STAYS}{_NO_NUMBER}",
        rf"\b(?:the |that |my )?{end}{_END_OF}(?: (?:can|could|may|should|is|be|to|please|just|i|you|would|let))*"
        rf" (?:{lex.LIFTED}|{lex.EXCEPTED}|go|fall away|{lex.LEAVE_OUT})(?! it)(?=\W|$)",
        rf"\bopen at the {side}\b|\bopen(?:[- ]ended)? {way}\b|\bno (?:{side}|{words})(?: age| size)?{lex.LIMIT}?\b"
        rf"|\bno (?:reason|need) to {verb}(?: \w+)? \d+(?:,? (?:take|lift|drop|remove) that (?:end|limit|one)"
        rf"(?: away)?)?",
    )
    for name, end, side, way, words, verb in (
        ("min", LOWER_END, "bottom", "downwards?", "lower|minimum", "(?:start|begin)"),
        ("max", UPPER_END, "top", "upwards?", "upper|maximum", "(?:stop|end)"),
    )
}
_FINE = r"(?:ok|okay|fine|allowed|welcome|good|alright|acceptable)"
_THAN = r"(?: ones| people| patients| lesions)?(?: than (?:that|this|it|\d+(?:\.\d+)?(?: (?:mm|cm|inch|years))?))?"
_EASED: dict[str, str] = {  # "bigger than that is fine too": the bound on that side goes
    name: rf"\b(?:{words}){_THAN} (?:is|are|would be)(?: also| just| perfectly)? {_FINE}\b(?: too| as well| also)?"
    rf"|\b(?:(?:is|are) {_FINE}|does not (?:bother|matter|hurt|disturb)(?: \w+)?|do not mind|no problem) (?:if"
    rf"|when)(?: (?:they|it|the \w+|some))?"
    rf"(?: (?:is|are|be))? (?:{words}){_THAN}|\b(?:may|can|could) also be (?:{words}){_THAN}"
    for name, words in (("max", "older|bigger|larger|longer"), ("min", "younger|smaller|shorter|tinier"))
}
_LIFTED_LIMITS = (
    rf"\b{lex.LIFT}(?: (?:the|that|this|my|of|over|under|above|below))* \d+(?:\.\d+)?(?P<before> (?:mm|cm|inch))?"
    rf"(?: years?)?(?: (?:age|size))?{lex.LIMIT}",
    rf"\b(?:limits?|filters?|restrictions?|cut-?offs?) (?:of|at|to) \d+(?:\.\d+)?(?P<before> (?:mm|cm|inch))?"
    rf"(?: years?)?"
    rf" (?:(?:is|are|can|be) )*(?:{lex.LIFTED}|{lex.EXCEPTED}|not (?:more |longer )?(?:necessary|needed)|go)\b",
)


def _read_lifted_limits(slots: Slots) -> None:
    """ "Drop the 2 cm limit", "the limit of 60 is not needed": what is limited is told by the unit."""

    def lift(match: re.Match[str]) -> None:
        slots.cleared.add("size" if match.group("before") else "age")

    for pattern in _LIFTED_LIMITS:
        slots.take(pattern, lift)


def read_lifted(slots: Slots) -> None:
    """Filters that are to go: "any age", "drop the size limit", "the sex does not matter", "no lower bound"."""
    for end, pattern in _EASED.items():
        if slots.take(pattern, lambda _: None):
            slots.cleared_end = cast(Literal["min", "max"], end)
    for end, patterns_ in _LIFTED_ENDS.items():
        if any(slots.take(pattern, lambda _: None) for pattern in patterns_):
            slots.cleared_end = cast(Literal["min", "max"], end)
    names = [(cast(FilterName, n), w) for n, w in lex.FILTER_NAMES.items() if n != "scope"]
    any_name = "|".join(w for _, w in names)
    _read_lifted_limits(slots)
    for piece in re.split(r"(?<=[^\d]),(?! ?and )|;|\bbut\b|\bthough\b|\balthough\b|\bwhile\b", slots.text):
        for name, words in names:
            if _lifts(piece, words, any_name):
                slots.cleared.add(name)
    for name in slots.cleared:
        words = lex.FILTER_NAMES[name]
        slots.take(
            rf"\b{lex.LIFT}?(?: (?:the|all|any|that|this|of|on|for|my|their|patient))* ?\b{words}(?:{lex.LIMIT})*\b",
            lambda _: None,
        )
    if not slots.cleared and slots.take(_EVERYTHING, lambda _: None):
        slots.clear_all = True
    for name, words in (("sex", f"{lex.SEX_WORDS['F']}|{lex.SEX_WORDS['M']}"), ("type", _ANY_TYPE)):
        limits = r"(?:limits?|limitations?|filters?|restrictions?|constraints?|conditions?|criteri(?:on|a)"
        limits += "|bit|part|thing)" if name == "sex" else ")"
        if slots.take(
            rf"\b{lex.LIFT}(?: the| that| this| my)? (?:{words})(?:[- ]only)? {limits}\b"
            rf"|\b{lex.LIFT}(?: the| that| this| my)? {limits} (?:on|to|of|for|about)(?: the)? (?:{words})\b"
            rf"|\b(?:do not|no need to|stop|no longer) (?:limit\w*|restrict\w*|confin\w*|stick\w*|keep\w*"
            rf"|narrow\w*)(?: (?:it|this|that|them|the search))?"
            rf"(?: only)? (?:to|on|within)(?: the)? (?:{words})\b"
            rf"|\b(?:does not have to|do not have to|not have to|does not need to|need not|not necessarily)"
            rf"(?: necessarily)?"
            rf"(?: be)?(?: only)?(?: in| from| of)?(?: the| an?)? (?:{words})(?: only| lesions?| ones?)?(?=\W|$)",
            lambda _: None,
        ):
            slots.cleared.add(name)
    if slots.take(_ANYWHERE, lambda _: None):
        slots.cleared.add("type")
    female, male = lex.SEX_WORDS["F"], lex.SEX_WORDS["M"]
    for pattern in (
        r"\b(?:both|either|any|all) (?:of )?(?:the )?(?:sex(?:es)?|genders?)\b",
        r"\b(?:leave|let) (?:the )?(?:sex(?:es)?|genders?) (?:alone|out|aside|be)\b",
        rf"\b(?:both )?{male} (?:and|or|as well as|plus|/) (?:the |also )?{female}\b",
        rf"\b(?:both )?{female} (?:and|or|as well as|plus|/) (?:the |also )?{male}\b",
        rf"\bnot (?:only|just) (?:the |in |from )*(?:{female}|{male})\b",
        rf"\b{male}\W+{female}\b(?: both)?|\b{female}\W+{male} both\b",
        r"\b(?:m ?/ ?f|f ?/ ?m|m\+f|f\+m|unisex|men too and women)\b",
    ):
        if slots.take(pattern, lambda _: slots.cleared.add("sex")) and "both" in pattern:
            slots.take(rf"\b(?:why\b.*\b)?(?:{female}|{male})(?: out)?\b", lambda _: None)


_ANYWHERE = (
    r"\b(?:any (?:other )?(?:site|place|location|region of the body|body (?:part|region|site))s?(?: (?:is )?"
    r"(?:ok|fine))?"
    r"|(?:the |in the )?(?:whole|entire|full) body|(?:anywhere|wherever)(?: (?:in|on) the body| really)|"
    r"(?:do not (?:mind|care)|no matter) where(?: in"
    r" the body)?(?: (?:it|they|that|those) (?:is|are|sits?|come from))?|(?:can|may|could) be (?:anywhere"
    r"|everywhere)(?: really)?|all over the body|(?:from )?head to toe)\b"
)


def _lifts(piece: str, words: str, any_name: str) -> bool:
    between = (
        r"(?: ?,? ?(?:and|or|both|of|on|for|about|with|by|the|all|any|that|this|those|their|patient'?s?|patients"
        r"|lesion|filters?|limits?|limitations?|restrictions?|bounds?"
    )
    between += (
        rf"|constraints?|conditions?|whole|entire|again|now|every|possible|what|which|to|in|at|upper|lower"
        rf"|{any_name}))*"
    )
    said = rf"\b(?:{words})\b(?!-)(?! ?(?:[<>=]*|over|under|above|below|of|between|from|to|at) ?\d)(?!: ?\d)"
    named = patterns.search(said, piece)
    if named is None or patterns.search(
        rf"{_MAKE_NO_CLEAR.pattern}(?! (?:them|it|everything|those)\b)[^,;]*{said}", piece
    ):
        return False
    if patterns.search(r"\bwhat is\b|\bhow\b|\bsame\b|\bsimilar sizes?\b", piece):
        return False
    before = rf"\b{lex.LIFT}{between} ?{said}"
    after = (
        rf"{said}(?:{lex.LIMIT})*(?:[ :=,]|\bis\b|\bare\b|\bcan\b|\bbe\b|\balso\b|\bagain\b|\bcompletely\b"
        rf"|\bentirely\b|\bshould\b|\bmay\b|\band\b|{any_name})*{lex.LIFTED}"
    )
    return bool(
        patterns.search(before, piece)
        or patterns.search(after, piece)
        or patterns.search(rf"\b(?:of|for|in|at|with) (?:any|all|every|whatever) {said}", piece)
    )
