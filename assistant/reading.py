"""Reading one request slot by slot: what is lifted, scope, sizes, ages, pointers, counts, sex, types.

Every reader finds what it knows, blanks it out, and notes what it means, so that nothing is read twice.
"""

import re
from collections.abc import Callable
from typing import Literal, cast

from assistant import lexicon as lex
from assistant.quantities import read_ages, read_counts, read_sizes
from assistant.references import read_ids, read_references, read_single
from assistant.slots import BLANK, FilterName, Sex, Slots
from tools.atlas import Scope


def read_slots(text: str, ids: tuple[str, ...] = (), atlas_types: tuple[str, ...] = ()) -> Slots:
    """All slots of one normalised request. `ids` are the lesion ids behind the words idref0, idref1, …"""
    slots = Slots(text)
    read_ids(slots, ids)
    _clears(slots)
    _scope(slots)
    read_sizes(slots)
    read_ages(slots)
    read_single(slots)
    read_references(slots)
    read_counts(slots)
    _sex(slots)
    _types(slots, atlas_types)
    left = re.findall(r"(?<![\w.-])\d+(?:\.\d+)?(?![\w.-])", slots.text)
    slots.unread = tuple(left)
    return slots


def _clears(slots: Slots) -> None:
    def drop(name: FilterName) -> Callable[[re.Match[str]], None]:
        return lambda _: slots.cleared.add(name)

    for end, words in (("min", "lower|minimum"), ("max", "upper|maximum")):
        if slots.take(rf"\b{lex.ANY} (?:{words})(?:{lex.LIMIT}| age| size)?\b", lambda _: None):
            slots.cleared_end = cast(Literal["min", "max"], end)
    everything = (
        r"\b(?:without|no|remove|clear|drop|forget|reset|lift|delete|take off|undo)(?: (?:all|any|the|of|those|these"
        r"|my))*"
        r" (?:filters?|restrictions?|limits?|constraints?|criteria)\b|\bunfiltered\b|\b(?:all )?filters off\b"
    )
    if slots.take(everything, lambda _: None):
        slots.clear_all = True
    for name, words in lex.FILTER_NAMES.items():
        if name == "scope":
            continue
        key = cast(FilterName, name)
        if name == "type":
            slots.take(rf"\b{lex.ANY} {words}(?:{lex.LIMIT})?\b", drop(key))
        else:
            slots.take(rf"\b{lex.ANY}(?: patient| upper| lower)? {words}(?:{lex.LIMIT})?\b", drop(key))
        slots.take(rf"\b(?:of|for|in) (?:any|all) {words}\b", drop(key))
        slots.take(rf"\b{words}:? ?=? ?(?:any|also no limit|no limit|unlimited)\b", drop(key))
        slots.take(rf"\b(?:the )?{words} (?:does not matter|do not matter|is irrelevant|is not important)\b", drop(key))
        slots.take(rf"\btake (?:off |away )?(?:the )?{words}(?:{lex.LIMIT})?(?: off| away| out)\b", drop(key))
    slots.take(r"\b(?:both|either) (?:sex(?:es)?|genders?)\b", drop("sex"))
    slots.take(rf"\b(?:{lex.SEX_WORDS['M']} and|{lex.SEX_WORDS['M']} or) {lex.SEX_WORDS['F']}\b", drop("sex"))
    slots.take(rf"\b(?:{lex.SEX_WORDS['F']} and|{lex.SEX_WORDS['F']} or) {lex.SEX_WORDS['M']}\b", drop("sex"))
    slots.take(r"\bnot (?:only|just) (?:the |in |from )*(?:wom[ae]n|females?|m[ae]n|males?)\b", drop("sex"))


def _scope(slots: Slots) -> None:
    for pattern, scope in sorted(lex.SCOPES, key=lambda row: row[0].startswith("(?:not|except"), reverse=True):
        if slots.take(rf"\b{pattern}(?!\w)", lambda _: None):
            slots.scope = cast(Scope, scope)
            return


# -- sex and types -------------------------------------------------------------------------------------------------
def _sex(slots: Slots) -> None:
    other: dict[str, Sex] = {"F": "M", "M": "F"}
    for sex, words in lex.SEX_WORDS.items():
        if slots.take(rf"\b{lex.EXCEPT} (?:the |any |from |in )*{words}\b", lambda _: None):
            slots.sex = other[sex]
    for sex, words in lex.SEX_WORDS.items():
        if slots.take(rf"\b(?:(?:only|just) )?(?:in |from |for |of |among )?(?:only )?{words}\b", lambda _: None):
            slots.sex = slots.sex or cast(Sex, sex)
    slots.take(r"\b(f|m)(?= only\b| instead\b)", lambda m: setattr(slots, "sex", m.group(1).upper()))
    slots.take(r"(?<=, )(f|m)(?=,|$)|^(f|m)(?=,)", lambda m: setattr(slots, "sex", (m.group(1) or m.group(2)).upper()))
    slots.take(r"\bsex ?[:=]? ?(f|m)\b", lambda m: setattr(slots, "sex", m.group(1).upper()))


def _types(slots: Slots, atlas_types: tuple[str, ...]) -> None:
    """Types to search in, to leave out, or only named. Types of the atlas win over the built-in words."""
    vocabulary: dict[str, tuple[str, ...]] = {
        name: (re.escape(name.lower()).replace(r"\ ", "[- ]").replace(r"\-", "[- ]") + "s?",) for name in atlas_types
    }
    lower = {name.lower(): name for name in atlas_types}
    for name, words in lex.TYPE_WORDS.items():
        key = lower.get(name, name)
        vocabulary[key] = (*vocabulary.get(key, ()), *words)
    patterns = {name: "(?:" + "|".join(words) + ")" for name, words in vocabulary.items()}
    # the longest wording first: "abdominal wall" before "abdominal"
    marks: list[tuple[int, int, str]] = []
    for name, pattern in patterns.items():
        marks += [(m.start(), m.end(), name) for m in re.finditer(rf"(?<![\w-]){pattern}(?![\w])", slots.text)]
        marks += [(m.start(), m.end(), name) for m in re.finditer(rf"(?<=\bnon-){pattern}(?![\w])", slots.text)]
    chosen: list[tuple[int, int, str]] = []
    for start, end, name in sorted(marks, key=lambda m: (m[0] - m[1], m[0])):
        if all(end <= s or start >= e for s, e, _ in chosen):
            chosen.append((start, end, name))
    leaving_out = False
    last_end = 0
    for start, end, name in sorted(chosen):
        between = slots.text[last_end:start]
        if re.search(rf"(?:^|[^\w]){lex.EXCEPT}[ -](?:(?:in|from|the|any|of|show|me) )*$", slots.text[:start]):
            leaving_out = True
        elif between.strip() == "," and not re.search(r"\b(?:and|or|nor)\b", slots.text[end:]):
            leaving_out = False  # "not liver, kidney": the second is what is wanted instead
        elif not re.fullmatch(r"\W*(?:lesions?|nodules?)?(?:,|and|or|nor|/|&|\s|\x00|the|in|from)*", between):
            leaving_out = False
        last_end = end
        if re.match(r" (?:lesions |ones )?(?:out|aside|excluded)\b", slots.text[end:]):
            leaving_out = True
        named_only = re.search(
            r"\b(?:this|that|my|these|those|(?:(?:similar|close|comparable|identical) to|like|resembles?) (?:the"
            r"|an?))(?: \w+)? $",
            slots.text[:start],
        ) and re.match(rf" ?{lex.LESION}\b|$", slots.text[end:])
        target = slots.left_out if leaving_out else slots.named if named_only else slots.types
        if name not in target:
            target.append(name)
        if atlas_types and name not in atlas_types and name not in slots.unknown_types and not named_only:
            slots.unknown_types.append(name)
    for start, end, _ in sorted(chosen, reverse=True):
        slots.text = slots.text[:start] + BLANK + slots.text[end:]
