"""Filters of a request but for its numbers: whose lesions, which sex and types, what to leave out."""

import re
from typing import cast

from assistant.core import patterns
from assistant.understanding.rules import lexicon as lex
from assistant.understanding.rules.clauses import BLANK, Slots
from assistant.understanding.type_words import TYPE_WORDS
from tools.domain.lesions import Sex

_FILLER = rf"(?:[ -]+{lex.EXCEPT_FILLER})*"
_LEFT_OUT_BEFORE = re.compile(rf"(?:^|[^\w])(?:{lex.EXCEPT}){_FILLER}[ -]*$")
_AND_IT = (
    r"(?: (?:lesions?|ones?|nodules?|cases?|hits?|results?|ones are|those|that|patients|kind|bit|too|also"
    r"|either|just|only"
    r"|i|we|you|would|could|can|please|kindly|let us))*"
)
_LEFT_OUT_AFTER = re.compile(
    rf"^{_AND_IT}(?: is| are)? ?,? ?(?:{lex.EXCEPTED}"
    # "the bony ones are noise to me, hide them", "the adnexal kindly omit"
    rf"|(?:[^\x00,.;]{{0,30}}, )?(?:please |just |kindly |i |you |would |can |to )*{lex.LEAVE_OUT}"
    r" (?:it|them|those|that|these)\b(?! (?:filter|restriction|limit))|"
    rf"{lex.LEAVE_OUT}(?: please)?(?=\W*$|,))"
)
_REPLACED = re.compile(r"\b(?:change|exchange|switch|swap|replace|trade)(?: (?:out|the|my|from))*[ -]*$")
_SAID_OF_YOU = re.compile(  # "you gave me liver", "rather bone than liver"
    r"\byou (?:gave|showed|searched|took|picked|heard)(?: me)?(?: (?:the|in|only))* $|\brather\b[^,;]* than(?: the)? $"
)
_REPLACES = re.compile(
    r"^(?: (?:lesions?|ones?|cases?|filter|change|swap|exchange|replace|switch|it))*,? (?:to|with|by|into|for|against) "
)
_JOINT = re.compile(
    r"(?:\W|\x00|\b(?:lesions?|nodules?|nodes?|walls?|side|area|region|territory|stuff|things|ones?|cases?|and"
    r"|or|nor|the|in|from|of|any|no|not|neither|nor|also|as well"
    r" as|plus)\b)*"
)


def left_out(text: str, start: int, end: int) -> bool:
    """Whether the words at a place are to be left out, by what stands before or after them."""
    return bool(_LEFT_OUT_BEFORE.search(text[:start]) or _LEFT_OUT_AFTER.search(text[end:]))


# -- whose lesions ---------------------------------------------------------------------------------------------------
_PREPOSITION = (
    r"(?:(?:to|from|in|of|within|among|amongst|across|inside|by|with|for|on|over|through|only|just"
    r"|solely|purely|exclusively|the lesions of|even) )"
)
_LOOSE = re.compile(
    r"(?:this|that|my) (?:very )?(?:patient|person)(?:'s)?|him|her|others|last \w+|(?:his|her|their) own"
)
_INCLUDED = re.compile(r"^,? ?(?:too\b|as well\b|included\b|also\b|inclusive\b)|^ (?:one )?included\b")
_INCLUDING = re.compile(
    r"\b(?:including|include|also|plus|even|add|inclusive of|as well as)(?: (?:from|of|in|the|those|lesions"
    r"|examples|ones|cases|hits|also))* ?$"
)
_NO_SCOPE = re.compile(rf"\b(?:{lex.LEAVE_OUT}|none|nothing|nobody|not|except|excluding|exclude|without"
                       rf"|leave out|leaving out|other than|do not include"
                       r"|not including|ignore|but not|no|never|skip|drop|omit"
                       r"|rather than|instead of)(?: (?:lesions|ones|those|cases|hits|anything|the|only|also"
                       r"|too|me|it))*(?:"
                       r" (?:from|of|in|among|within))? ?$")  # fmt: skip
_HERE = r"(?:this|my|the same|that) (?:very )?patient"
_THIS_PATIENT_HAS = (
    rf"\b(?:does|has|whether|if) {_HERE} (?:have|has|got|have got|has got)(?: got| any)?(?= .*\b(?:others?"
    rf"|further|more|else|another)\b)"
    rf"|\bwhat else (?:has|does) {_HERE}(?: got| have| has)?|\b(?:his|her|their) other (?:ones?|lesions?|findings?)\b"
)
_BUT_SOME = re.compile(r",? (?:apart from|except|excluding|but|other than|save|and their)\b")
_NOT_ONLY = re.compile(r"\bnot (?:only|just)(?: (?:from|of|in|among))? ?$|\bnot limited to ?$")


def read_scope(slots: Slots) -> None:
    """The same patient, others, or all."""
    text = slots.text
    said: set[str] = set()
    spans: list[tuple[int, int]] = []
    everyone = rf"(?:{lex.ALL_PATIENTS})"
    for match in patterns.finditer(rf"\b{_PREPOSITION}*(?:{everyone})(?!\w)", text):
        if _BUT_SOME.match(text[match.end() :]) or _NO_SCOPE.search(text[: match.start()]):
            continue  # "everyone apart from the under 20s", "kick out everybody over 70"
        if patterns.search(rf"\b(?:{lex.SEX_WORDS['F']}|{lex.SEX_WORDS['M']})\b", match.group()):
            continue  # "does any female patient"
        if not patterns.search(r"\b(?:any|each) (?:patient|person)$", match.group()) or patterns.search(
            r"\bpatient\b", match.group()
        ):
            said.add("all")
            spans.append(match.span())
    for kind, words in (("same", lex.SAME_PATIENT), ("other", lex.OTHER_PATIENTS)):
        for match in patterns.finditer(
            rf"\b(?P<lead>{_PREPOSITION}*)(?P<who>{words})(?![\w'])(?P<only> only| alone)?", text
        ):
            before, after = text[: match.start()], text[match.end() :]
            if any(match.start() < e and match.end() > s for s, e in spans):
                continue
            negated = bool(_NO_SCOPE.search(before) or patterns.match(rf" ?(?:{lex.EXCEPTED}|not count\b)", after))
            more = bool(_INCLUDED.search(after) or _INCLUDING.search(before))
            more = more or match.group("lead").startswith("even")
            alone = not (match.group("lead") or match.group("only") or negated or more or _NOT_ONLY.search(before))
            if (
                alone
                and _LOOSE.fullmatch(match.group("who"))
                and not patterns.fullmatch(
                    r"\W*(?:and|now|just|ok|or|rather)?\W*", before + re.sub(r"^\W+$", "", after)
                )
            ):
                continue
            if match.group("who") in ("him", "her") and not more:
                continue
            if (
                kind == "same"
                and patterns.match(r" (?:over|under|aged|who|is|has|was|like|looks?)\b", after)
                and match.group("who").startswith(("this", "that", "my"))
            ):
                continue
            if _NOT_ONLY.search(before) or (kind == "same" and more and not negated):
                said.add("all")
            elif negated:
                said.add("other" if kind == "same" else "")
            else:
                said.add(kind)
            spans.append(match.span())
    if patterns.search(
        r"\b(?:do not|don't|never) (?:leave|exclude|skip|drop|ignore|forget)(?: out)? (?:this|the same) patient\b", text
    ):
        said = {"all"}
    elif patterns.search(r"\b(?:leave|take|keep) (?:this|the same) patient (?:out|aside)\b", text):
        said = {"other"}
    elif own := patterns.search(_THIS_PATIENT_HAS, text):
        said.add("same")
        spans.append(own.span())
    said.discard("")
    if not said:
        return
    slots.scope = (
        "all" if "all" in said or said == {"same", "other"} else "same-patient" if said == {"same"} else "cross-patient"
    )
    for start, end in sorted(spans, reverse=True):
        slots.text = slots.text[:start] + BLANK + slots.text[end:]


_SOMEBODY = re.compile(r"\b(?:this|that|my|our|the)(?: \w+)? $")
_ONE_PERSON = (
    r"man|woman|guy|fellow|lad|chap|bloke|dude|gent|gentleman|lady|girl|boy|mother|father|grandmother|grandfather"
)


# -- sex -------------------------------------------------------------------------------------------------------------
_OTHER_SEX = (
    r"\b(?:the )?(?:other|opposite) (?:sex|gender)s?\b"
    r"|\b(?:flip|switch|swap|invert|reverse|change|toggle) (?:the |my )?(?:sex|gender)(?:es|s)?(?: filter)?\b(?! to)"
)


def read_sex(slots: Slots) -> None:
    slots.other_sex = slots.take(_OTHER_SEX, lambda _: None)
    other: dict[str, Sex] = {"F": "M", "M": "F"}
    found: list[tuple[int, int, Sex]] = []
    for sex, words in lex.SEX_WORDS.items():
        found += [(m.start(), m.end(), cast(Sex, sex)) for m in patterns.finditer(rf"\b{words}\b(?!-)", slots.text)]
    letter = (
        r"(?<![\w'])(f|m)(?![\w'])(?= only\b| instead\b| please\b|$|[,;.]|\s+\x00| (?:patients|pts|top|under"
        r"|over|aged|in|but|about|and (?![fm]\b)))"
    )
    found += [(m.start(), m.end(), cast(Sex, m.group(1).upper())) for m in patterns.finditer(letter, slots.text)]
    found += [
        (m.start(), m.end(), cast(Sex, m.group(1).upper()))
        for m in patterns.finditer(r"\bsex ?(?:[:=]+|is)? ?(f|m)\b", slots.text)
    ]
    for start, end, sex in sorted(found):
        if _SOMEBODY.search(slots.text[:start]) and patterns.fullmatch(_ONE_PERSON, slots.text[start:end]):
            continue  # "this guy is 72", "the man in the next bed": no filter
        if patterns.search(
            r"\b(?:change|switch|swap|replace|from|instead of|rather than|not)(?: (?:from|the))* $", slots.text[:start]
        ) and patterns.match(r" (?:to|with|by|into|but) ", slots.text[end:]):
            continue  # "change female to male": the second is wanted
        slots.sex = (
            other[sex]
            if left_out(slots.text, start, end) and not slots.sex
            else sex
            if not left_out(slots.text, start, end)
            else slots.sex
        )
    for start, end, _ in sorted(set(found), reverse=True):
        slots.text = slots.text[:start] + BLANK + slots.text[end:]


# -- types -----------------------------------------------------------------------------------------------------------
_NAMED = re.compile(
    r"\b(?:this|that|my|our|his|her|these|the marked|the selected|(?:similar|close|comparable|identical) to (?:the"
    r"|an?)|(?:like|resembl\w+) (?:the|an?|this|my))(?: \w+)? $"
)
_MINE_IS = re.compile(  # what was said of one's own lesion is blanked out by then
    r"(?:^\W*|\b(?:mine|ours|my (?:lesion|own|patient'?s?(?: lesion)?)) )(?:is|was|sits|lies|comes)(?: (?:in|from|on|of"
    r"|at))(?: (?:the|an?))? $"
)


def read_types(slots: Slots, atlas_types: tuple[str, ...]) -> None:
    """Types to search in, to leave out, or only named. Types of the atlas win over the built-in words."""
    chosen = _mentions(slots.text, atlas_types)
    leaving_out = False
    last_end = 0
    # "lung and bone need not be shown": what stands after a list is about all of it
    groups: list[list[tuple[int, int, str]]] = []
    for mention in chosen:
        joined = bool(groups) and bool(_JOINT.fullmatch(slots.text[groups[-1][-1][1] : mention[0]]))
        if joined:
            groups[-1].append(mention)
        else:
            groups.append([mention])
    for group in groups:
        excluded_after = bool(_LEFT_OUT_AFTER.search(slots.text[group[-1][1] :]))
        only_last = len(group) > 1 and not patterns.search(
            r"\b(?:and|or|nor)\b", slots.text[group[-2][1] : group[-1][0]]
        )
        leaving_out = False
        for number, (start, end, name) in enumerate(group):
            between = slots.text[last_end:start]
            if _REPLACED.search(slots.text[:start]) and _REPLACES.match(slots.text[end:]):
                continue  # "exchange liver for pelvis": the second is wanted
            if _REPLACES.match(slots.text[end:]) and patterns.match(
                r"(?: \w+)? (?:change|swap|exchange|replace|switch)\b", slots.text[end:]
            ):
                continue
            if _SAID_OF_YOU.search(slots.text[:start]):
                continue
            if (excluded_after and (number == len(group) - 1 or not only_last)) or _LEFT_OUT_BEFORE.search(
                slots.text[:start]
            ):
                leaving_out = True
            elif (
                number
                and between.strip() == ","
                and len(group) == number + 1
                and not any(patterns.search(r"\b(?:and|or|nor)\b", slots.text[s:e]) for s, e in [(group[0][1], start)])
            ):
                leaving_out = False  # "not liver, kidney": the second is what is wanted instead
            elif not number:
                leaving_out = False
            last_end = end
            named_only = bool(_MINE_IS.search(slots.text[:start])) or (
                bool(_NAMED.search(slots.text[:start]))
                and bool(patterns.match(rf" ?{lex.LESION}\b|$", slots.text[end:]))
            )
            target = slots.left_out if leaving_out else slots.named if named_only else slots.types
            if name not in target:
                target.append(name)
            if atlas_types and name not in atlas_types and name not in slots.unknown_types and not named_only:
                slots.unknown_types.append(name)
    slots.types = [t for t in slots.types if t not in slots.left_out]
    for start, end, _ in sorted(chosen, reverse=True):
        slots.text = slots.text[:start] + BLANK + slots.text[end:]


def _mentions(text: str, atlas_types: tuple[str, ...]) -> list[tuple[int, int, str]]:
    """Where types are named, in order; of overlapping wordings the longest."""
    vocabulary: dict[str, tuple[str, ...]] = {
        name: (re.escape(name.lower()).replace(r"\ ", "[- ]").replace(r"\-", "[- ]") + "s?",) for name in atlas_types
    }
    lower = {name.lower(): name for name in atlas_types}
    for name, words in TYPE_WORDS.items():
        key = lower.get(name, name)
        vocabulary[key] = (*vocabulary.get(key, ()), *words)
    marks: list[tuple[int, int, str]] = []
    for name, words in vocabulary.items():
        pattern = "(?:" + "|".join(words) + ")"
        marks += [(m.start(), m.end(), name) for m in patterns.finditer(rf"(?<![\w-]){pattern}(?![\w])", text)]
        marks += [(m.start(), m.end(), name) for m in patterns.finditer(rf"(?<=\bnon-){pattern}(?![\w])", text)]
    chosen: list[tuple[int, int, str]] = []
    for start, end, name in sorted(marks, key=lambda m: (m[0] - m[1], m[0])):
        if all(end <= s or start >= e for s, e, _ in chosen):
            chosen.append((start, end, name))
    return sorted(chosen)
