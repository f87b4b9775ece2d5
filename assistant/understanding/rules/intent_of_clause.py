"""The intent of one clause: the first of `intents.toml` that fits, corrected by what was read in its slots.

Among them what the program says no to: clinical decisions and personal data (`declined`). The answers are in
`assistant/wording/fixed_sentences.py`.
"""

import re
import tomllib
from pathlib import Path
from typing import cast

from assistant.core import patterns
from assistant.core.requests import Intent
from assistant.core.turn_state import TurnState
from assistant.understanding.rules import lexicon as lex
from assistant.understanding.rules.clauses import Slots
from assistant.understanding.rules.questions import asked_of_hits, compares_with_mine
from assistant.understanding.words_of_message import THANKED

TELLS = re.compile(
    r"\b(?:records?|details?|data|info\w*|facts|tell|describe|story|known?|introduce|everything|all) (?:\w+"
    r" )*(?:it|that|this|of|about|on|me|to|number|\x00)\b|\b(?:know|known|tell|say) (?:\w+ )*(?:about|of|on) (?:it"
    r"|that|this)"
    r"|\bwhat is (?:known|it|that)\b|\bdetails?\b"
)

# What something is for says nothing of what it is: "its size, for my report table".
PURPOSE = re.compile(
    r",? \bfor (?:(?:my|our|a|an|the|his|her|some|tomorrow's|next week's) )?(?:[\w-]+ ){0,2}?(?:comparisons?|lectures?"
    r"|talks?"
    r"|slides?|seminars?|class|homework|thesis|papers?|presentations?|ppt|posters?|tables?|students?|teaching"
    r"|didactic reasons"
    r"|boards?|conference|rounds|mdt|journal club|stats|scripts?|logbook|case book)\b(?: (?:in|on|at|of) (?:my|our"
    r"|the) \w+)?"
)

_TABLES = tomllib.loads(Path(__file__).with_name("intents.toml").read_text(encoding="utf-8"))
_WORDS = {"LESION": lex.LESION, "THANKED": THANKED} | _TABLES["words"]


def _patterns(table: str, name: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Read a table of `intents.toml`: names and patterns, with the words they stand for."""
    return tuple(
        (row[name], tuple(re.sub(r"<([A-Z]+)>", lambda m: _WORDS[m[1]], words) for words in row["patterns"]))
        for row in _TABLES[table]
    )


INTENTS = tuple((intent, re.compile("|".join(words))) for intent, words in _patterns("intent", "name"))
DECLINED = _patterns("declined", "topic")
_DECLINED_TOPICS = tuple((topic, re.compile(rf"\b(?:{'|'.join(words)})(?!\w)")) for topic, words in DECLINED)
_DISEASE = dict(_DECLINED_TOPICS)["malignancy"]
_LIKE_A_HIT = re.compile(r"\b(?:similar|look-?alikes?|resembl\w+|match(?:es)?|hits?)\b")
_SEARCHES = re.compile(r"\b(?:find|show|search|list|similar|retrieve|get|only|cases?|matches)\b")
_POINTS = re.compile(
    r"\b(?:is|are|says?|call|could|will) (?:it|this|that|these|mine)\b|\b(?:this|it) (?:is|malignant|benign)\b"
)
_NAMED = re.compile(r"\b(?:name|address|called|identity)\b")
_AFTER_A_SEARCH = ("how_sure", "why", "undo", "filters")
_HINTS = tuple((intent, re.compile(rf"\b(?:{words})\b")) for intent, words in _TABLES["hints"].items())


def first_intent(clause: str) -> str:
    """Return the first intent whose words are in a request, else `unknown`; `other` is a subject we know nothing of."""
    return next((intent for intent, words in INTENTS if words.search(clause)), "unknown")


def likely_intent(message: str, searched: bool) -> str:
    """Guess what a message that fits no pattern is about, by single words; else `unknown`."""
    possible = ((intent, words) for intent, words in _HINTS if searched or intent not in _AFTER_A_SEARCH)
    return next((intent for intent, words in possible if words.search(message)), "unknown")


def topic_of(intent: Intent, clause: str) -> str:
    """The format of a report, the grouping of the atlas; "" where none is named."""
    table = {"report": lex.REPORT_FORMATS, "atlas": lex.GROUPINGS}.get(intent, ())
    return next((value for words, value in table if patterns.search(words, clause)), "")


def clause_intent(clause: str, slots: Slots, state: TurnState) -> Intent:
    """The first intent of the table that fits, corrected by what was read in the slots."""
    purposeless = PURPOSE.sub("", clause)
    found = (asked_of_hits(purposeless) if state.searches else "") or first_intent(purposeless)
    if found in ("other", "count_hits") or (found == "filters" and asked_of_hits(purposeless)):
        return "unknown" if found == "other" else cast(Intent, found)
    if compares_with_mine(purposeless, slots):
        return "compare"
    if (
        state.searches
        and slots.nth
        and not slots.regions
        and len(state.regions) < max(2, slots.nth)
        and found in ("describe_study", "unknown", "what")
    ):
        return "describe_lesion"
    about_hit = bool(slots.hits)
    pointing = bool(slots.regions) or bool(patterns.search(r"\b(?:this|that|it|here)\b", clause))
    typed = bool(slots.types or slots.named or slots.left_out)
    if found == "why" and patterns.search(r"\bexplain\b", clause) and typed and not pointing:
        found = "explain"
    if found == "compare" and not about_hit and patterns.search(r"\bcomparable\b", clause):
        found = "search"
    if about_hit and slots.regions and patterns.search(r"\b\w+er than\b", clause):
        found = "compare"
    if found == "atlas" and any(h.kind == "id" for h in slots.hits):
        found = "describe_lesion"
    if (
        found == "compare"
        and not about_hit
        and patterns.search(
            r"\batlas\b|\b(?:tell|what|split|how|where|sort)\b.*\b(?:collection|data ?base|library|cohort|comparing "
            r"(?:it )?(?:against|to|with))\b"
            r"|\bsplit\b.*\b(?:collection|data ?base|library)",
            clause,
        )
    ):
        found = "atlas"
    if len(state.regions) > 1 and _WHICH_IS_LARGER.search(clause) and not about_hit:
        return "measure"
    if found == "measure" and patterns.search(r"\bslices?\b", clause):
        found = "describe_study"
    if any(r.kind == "all" for r in slots.regions) and patterns.search(r"\b(?:which|what)(?: \w+)? is \w+er\b", clause):
        found = "measure"
    if (
        typed
        and patterns.search(r"\b(?:does|is|could|might|would|can) (?:it|this|that)\b", clause)
        and found in _ASKING
    ):
        found = "what"
    if (
        found == "unknown"
        and len(slots.types) > 1
        and patterns.search(r"^[\w -]+ or [\w -]+$", clause)
        and not _NARROWS.search(clause)
    ):
        found = "what"  # "liver or kidney?": a filter would beg the question
    if patterns.search(
        r"\b(?:this|it|that|mine|my \w+|r\d+)\b.*\b(?:count|qualify|pass|classify|classified|go|fit|belong)(?:s"
        r"|es)? (?:as|under|into|in with|among|to) (?:one|an?|the|these|those)\b",
        clause,
    ):
        found = "what"
    lifted = slots.cleared - {"age"} and not patterns.search(
        r"\b(?:fe)?male or (?:fe)?male\b|\b(?:wo)?man or (?:a )?(?:wo)?man\b", clause
    )
    if (lifted or slots.cleared_end) and found in ("measure", "describe_study", "what", "unknown", "filters"):
        found = "refine"
    if slots.cleared and found in ("unknown", "filters"):
        found = "refine"
    last = state.last_calls[-1].name if state.last_calls else ""
    if (
        found == "describe_study"
        and last in ("describe_lesion", "compare_lesion")
        and pointing
        and not patterns.search(r"\b(?:stud(?:y|ies)|scan|my patient)\b", clause)
    ):
        found = "describe_lesion"
    if (
        found == "what"
        and _AND_THAT.search(clause)
        and (slots.nth or any(r.kind != "this" for r in slots.regions))
        and not typed
    ):
        found = "refine"
    if found == "atlas" and _LIKENESS.search(clause) and not patterns.search(r"\bhow many\b", clause):
        found = "search"
    if found == "undo" and (
        slots.types
        or slots.left_out
        or slots.sex
        or slots.k
        or slots.scope
        or slots.min_age
        or slots.max_age
        or slots.cleared
    ):
        found = "refine"  # "go back to all ages" says what it goes back to
    sized = slots.min_size_mm is not None or slots.max_size_mm is not None
    if (
        found == "measure"
        and sized
        and not patterns.search(r"\bhow\b|\bmeasure\b|^is (?:it|this|that|mine|the)\b", clause)
    ):
        found = "refine"
    if found == "search" and about_hit and slots.k is None and not _SEARCH_VERB.search(slots.text):
        found = "describe_lesion" if patterns.search(_DESCRIBES, clause) else "refine"
    if (
        slots.nth
        and not slots.regions
        and found in ("search", "what", "unknown", "explain", "describe_study")
        and TELLS.search(clause)
    ):
        found = "describe_lesion"
    if about_hit and patterns.search(r"\bdifferen(?:t|ce|ces)\b", clause):
        found = "compare"
    if found == "find_regions" and any(r.kind == "all" for r in slots.regions):
        found = "measure"
    if found == "measure":
        if about_hit:
            found = "describe_lesion"
        elif slots.has_filters and patterns.search(
            r"\b(?:find|show|list|similar|search|only|like|cases?|lesions)\b", clause
        ):
            found = "search"
    if found == "unknown" and about_hit:
        found = "describe_lesion" if patterns.search(_DESCRIBES, clause) else "refine"
    described = slots.k is None and bool(patterns.search(_DESCRIBES, clause))
    if about_hit and (
        found in ("what", "describe_study", "explain") or (found in ("search", "find_regions") and described)
    ):
        found = "describe_lesion"
    named = any(r.kind != "this" for r in slots.regions)
    if found == "find_regions" and (named or _is_search(clause, slots)):
        found = "search"
    if found == "explain" and not typed and not _THIS_TYPE.search(clause):
        found = "what" if pointing else ("why" if patterns.search(r"\bexplain\b", clause) else "unknown")
    if found == "explain" and (slots.has_person_or_size or _LIKE_MINE.search(clause)):
        found = "search"
    if (
        found == "describe_study"
        and (slots.min_age or slots.max_age)
        and not patterns.search(r"\b(?:how|what|which)\b", clause)
    ):
        found = "search" if _LIKE_MINE.search(clause) else "refine"
    if found in ("what", "unknown", "search") and typed and not slots.regions and _is_lesson(clause):
        found = "explain"
    if found == "unknown" and (slots.any or slots.more):
        found = "refine"
    if (
        found == "what"
        and slots.has_filters
        and not patterns.search(
            r"\b(?:is|are|could|might|may) (?:it|this|that)\b|what (?:is|could|might)|\bwhether\b", clause
        )
    ):
        found = "refine"
    if found == "greeting" and slots.unread and not slots.has_filters:
        return "greeting"  # "morning, third coffee here"
    if found in ("thanks", "greeting") and slots.any:
        found = "refine"
    return cast(Intent, found)


_WHICH_IS_LARGER = re.compile(
    r"^(?:which|what)\b(?=.*\b(?:r\d\b.*\br\d|my (?:\d )?(?:lesions|regions|spots)|of (?:the )?2|of the regions))"
    r".*\b(?:bigger|larger|smaller|longer|denser|wider|biggest|largest|smallest|longest|densest)\b"
)


_LIKE_MINE = re.compile(
    r"\b(?:look-?alikes?(?! of)|resembl\w+ (?:mine|this|it|r\d)|comparables?|similar (?:ones?|lesions?|cases?|to)"
    r"|lesions? "
    r"like (?:mine|this|it))\b"
)


_THIS_TYPE = re.compile(
    r"\b(?:this|that)(?: lesion)? (?:type|kind|sort)\b(?! of (?!lesions?\b))|\blesions? (?:of|like) (?:this|that) "
    r"(?:type|kind|sort)\b"
)


_LIKENESS = re.compile(r"\b(?:similar|match(?:es)?|resembl\w*|looks? (?:like|alike)|twins?|alike)\b")


_SEARCH_VERB = re.compile(
    r"\b(?:find|search|show|look for|get|list|retrieve|fetch|give|bring|pull|display|similar"
    r"|resembl\w*|like (?:this|it))\b"
)


_AND_THAT = re.compile(
    r"^(?:and|what about|how about|ditto)\b(?: how (?:is|about)| what about| what is)?(?: (?:it|that))?(?: (?:by"
    r"|with|for|in|of|at))?\W*(?:the |with )?\W*(?:\w+ ?){0,3}$"
)


_ASKING = ("search", "what", "unknown")


_NARROWS = re.compile(
    r"\b(?:only|just|show|find|search|similar|in|from|also|include|exclude|not|no|without|cases?|lesions)\b"
)


_DESCRIBES = (
    r"^(?:is|are|was)\b|\b(?:describe|tell|about|details?|info\w*|open|what|who|how old|is the|is it|show|explain"
    r"|facts|which|sex|age|more)\b"
)


def _is_search(clause: str, slots: Slots) -> bool:
    """Whether "find …" asks for hits: it speaks of likeness, or filters. "Find lesions" asks for places in the scan."""
    if patterns.search(
        r"\b(?:similar|like (?:this|that|it|r\d)|resembl\w*|look-?alike|match\w*|neighbou?rs?|closest|nearest|atlas)\b",
        clause,
    ):
        return True
    in_scan = patterns.search(
        r"\b(?:in|on) (?:the|this|my) (?:scan|study|ct|image|series|slice)|regions?|suspicious|abnormal\w*"
        r"|candidates?|suggest\w*|propos\w*\b",
        clause,
    )
    narrows = bool(slots.types or slots.left_out or slots.has_person_or_size)
    if slots.sex or slots.scope or slots.min_age is not None or slots.max_age is not None:
        return True  # of patients, so of the atlas
    return narrows and not in_scan


def _is_lesson(clause: str) -> bool:
    """Whether a type is asked about as such: "what is a liver lesion?", "tell me about pelvic lesions"."""
    return not _NO_LESSON.search(clause) and bool(_LESSON.search(clause))


_NO_LESSON = re.compile(
    r"\b(?:similar|alike|look-?alikes?(?! of)|closest|nearest|show|find|this|that|only|it|my|mine|r\d)\b"
)


_LESSON = re.compile(
    r"\bwhat (?:on earth )?(?:is|are) (?:it )?(?:an? |the )?(?!this|that|it\b)|\b(?:about|describe) (?:an? |the"
    r" )?[\w -]*lesions?\b"
    r"|\btell me (?:something |more )?about\b|\bteach\b|\bknow about\b|\bdescribe (?:typical|an?) "
)


def declined(clause: str, about_hit: bool = False, no_study: bool = False) -> str:
    """The topic of a request that is declined, else nothing. Of a hit, sex and age may be asked, not the name."""
    for topic, words in _DECLINED_TOPICS:
        if not words.search(clause):
            continue
        spared = (
            (topic == "diagnosis" and "differential" in clause)
            or (topic == "identity" and about_hit and not _NAMED.search(clause))
            or (topic == "growth" and (about_hit or _LIKE_A_HIT.search(clause)))
            or (topic == "next step" and no_study)  # "what do I do first?"
            # "find malignant liver lesions" is a search; its adjective is said not to be applied
            or (topic == "malignancy" and _SEARCHES.search(clause) and not _POINTS.search(clause))
        )
        if not spared:
            return topic
    return ""


def names_disease(clause: str) -> bool:
    """Tell whether a disease is named, such as "malignant", that no filter can hold."""
    return bool(_DISEASE.search(clause))
