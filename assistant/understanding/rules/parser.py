"""From a message to requests: which intent, which filters, which region, which hit. Deterministic and table-driven."""

import re
from dataclasses import replace
from typing import cast

from assistant.core import patterns
from assistant.core.requests import SMALL_TALK, FilterName, FilterSpec, HitRef, Intent, Request
from assistant.core.turn_state import TurnState
from assistant.understanding.rules import lexicon as lex
from assistant.understanding.rules.clauses import Slots, called_off, clauses, complains, unwanted
from assistant.understanding.rules.filters import read_scope, read_sex, read_types
from assistant.understanding.rules.filters_lifted import read_lifted
from assistant.understanding.rules.intent_of_clause import (
    clause_intent,
    declined,
    first_intent,
    likely_intent,
    names_disease,
    topic_of,
)
from assistant.understanding.rules.merge_requests import ClauseRequest, as_data, points, remarks, take_in
from assistant.understanding.rules.normalise import normalise
from assistant.understanding.rules.quantities import read_quantities
from assistant.understanding.rules.questions import asked_of_hits, study_question
from assistant.understanding.rules.references import read_ids, read_numbered, read_references
from assistant.understanding.words_of_message import is_data, lesion_ids
from tools.domain.lesions import Sex

MAX_REQUESTS = 6  # in one message


LONGEST_RESET = 12  # words: a longer message that happens to hold "no restrictions" asks for something else


def understand(message: str, state: TurnState) -> tuple[Request, ...]:
    """The requests of one message, in order. A reply to a question of ours is read together with what it answers."""
    requests = _read(message, state)
    if state.open_question is not None and all(r.intent in ("refine", "unknown") for r in requests):
        together = _read(f"{state.open_question}. {message}", state)
        if not any(r.unread or r.unclear for r in together):  # else the reply stands on its own
            requests = together
    return tuple(as_data(request, state, message) for request in requests)


def _read(message: str, state: TurnState) -> tuple[ClauseRequest, ...]:
    if is_data(message):
        return (ClauseRequest("unknown", text=message),)
    text, ids = lesion_ids(message[:2000], state)
    names = {word for name in state.atlas_types for word in re.findall(r"[a-z]+", name.lower())}
    requests: list[ClauseRequest] = []
    correcting = False
    said = clauses(normalise(text, names))[: 2 * MAX_REQUESTS]
    for number, clause in enumerate(said):
        if complains(clause.text) and number + 1 < len(said):
            continue
        if patterns.fullmatch(
            r"not (?:the )?(?:r ?\d+|(?:first|second|third|last)(?: \w+)?|this|that)(?: one)?", clause.text
        ):
            continue
        if requests and called_off(clause.text):
            last = requests.pop()
            requests += (
                [ClauseRequest("refine", text=last.text, regions=last.regions, hits=last.hits, nth=last.nth)]
                if points(last)
                else []
            )
            continue
        if unwanted(clause.text):
            correcting = correcting or clause.repairs
            requests = [r for r in requests if r.intent != first_intent(clause.text)]  # "measure it. No, don't measure"
            continue
        request = _request(clause.text, ids, state, first=not requests)
        take_in(request, replace(clause, repairs=clause.repairs or correcting), requests)
        correcting = False
    serious = [r for r in requests if r.intent not in (*SMALL_TALK, "unknown")]
    serious = [r for r in serious if not remarks(r)] or serious
    if (
        not serious
        and requests
        and all(r.intent == "unknown" and not r.unclear and first_intent(r.text) != "other" for r in requests)
    ):
        likely = likely_intent(requests[0].text, searched=bool(state.searches))
        requests[0] = replace(requests[0], intent=cast(Intent, likely))
    return tuple(serious[:MAX_REQUESTS] or requests[:1] or [ClauseRequest("unknown", text=message)])


def _request(clause: str, ids: tuple[str, ...], state: TurnState, first: bool) -> ClauseRequest:
    slots = read_slots(
        _CORRECTS.sub("", clause, count=1) if _CORRECTS.match(clause) else clause, ids, state.atlas_types
    )
    asked = study_question(clause, state)
    if asked is not None:
        intent, topic = asked
        regions = tuple(slots.regions) if intent in ("measure", "find_image") else ()
        return ClauseRequest(intent, text=clause, regions=regions, topic=topic, follow_up=not first)
    of_hits = _superlatives(clause, slots, state)
    kind = declined(clause, about_hit=bool(slots.hits), no_study=state.study is None)
    intent = "out_of_scope" if kind else clause_intent(clause, slots, state)
    topic = kind or topic_of(intent, clause)
    start_over = bool(patterns.search(lex.START_OVER, clause))
    cleared: set[FilterName] = set(slots.cleared)
    if (slots.clear_all or start_over) and not (intent == "filters" and asked_of_hits(clause)):
        cleared |= {"type", "sex", "age", "size", "scope"}
        short = len(clause.split()) <= LONGEST_RESET
        intent = (
            "refine"
            if intent in ("unknown", "filters", "search", *SMALL_TALK) and (short or intent != "unknown")
            else intent
        )
    return ClauseRequest(
        intent=intent,
        text=clause,
        wanted=_wanted(slots, state),
        cleared=frozenset(cleared),
        cleared_end=slots.cleared_end,
        regions=() if of_hits else tuple(slots.regions),
        hits=of_hits or tuple(slots.hits),
        nth=slots.nth,
        types=(*slots.types, *slots.named),
        left_out=tuple(slots.left_out),
        unknown_types=tuple(slots.unknown_types),
        topic=topic,
        follow_up=bool(patterns.search(lex.FOLLOW_UP, clause)) or not first,
        more=slots.more,
        corrects=first and bool(_CORRECTS.match(clause)),
        unmet=("disease",) if not kind and names_disease(clause) else (),
        unclear=slots.unclear,
        unread=slots.unread,
    )


def read_slots(text: str, ids: tuple[str, ...] = (), atlas_types: tuple[str, ...] = ()) -> Slots:
    """Read all slots of one normalised request. `ids` are the lesion ids behind the words idref0, idref1, …

    Each step finds what it knows, blanks it out, and notes what it means, so that nothing is read twice.
    """
    slots = Slots(text)
    read_ids(slots, ids)
    read_lifted(slots)
    read_scope(slots)
    read_numbered(slots)
    read_quantities(slots)
    read_references(slots)
    read_sex(slots)
    read_types(slots, atlas_types)
    return slots


def _superlatives(clause: str, slots: Slots, state: TurnState) -> tuple[HitRef, ...]:
    """ "Which one is the biggest?", with hits on the screen and one region only: among the hits."""
    match = patterns.search(r"\bthe (big|larg|small|tini|most big|most small)\w*est\b|\bthe most (big|small)\b", clause)
    if not match or not state.searches or len(state.regions) > 1 or slots.hits or slots.has_filters:
        return ()
    return (HitRef("largest" if patterns.search(r"big|larg", match.group()) else "smallest"),)


_CORRECTS = re.compile(
    r"(?:(?:no|nope|oh|ay|ah|hm)[,.]+ |(?:ay no|no wait|sorry|correction|oops|whoops|wait|scratch that|strike that"
    r"|(?:no )?i (?:meant?|mean)|rather|actually"
    r"|my (?:bad|mistake))\b[,:. ]*)+"
)


_OTHER: dict[str, Sex] = {"F": "M", "M": "F"}


def _wanted(slots: Slots, state: TurnState) -> FilterSpec:
    types: tuple[str, ...] | None = tuple(slots.types) or None
    if slots.left_out:
        types = tuple(t for t in types or state.atlas_types if t not in slots.left_out) or None
    before = last.args if (last := state.search_of(None)) else {}
    sex = slots.sex
    if slots.other_sex:
        sex = _OTHER.get(str(before.get("sex") or (state.study.sex if state.study else "")))
    min_age, max_age = slots.min_age, slots.max_age
    kept = slots.ages_as_before and ("min_age" in before or "max_age" in before)
    if slots.age_like_patient and not kept and state.study and state.study.age_years is not None:
        min_age, max_age = max(0, state.study.age_years - 5), state.study.age_years + 5
    min_size, max_size = slots.min_size_mm, slots.max_size_mm
    region = state.region(state.selected or state.last_region or "") or next(iter(state.regions), None)
    if slots.size_like_region and region and region.long_axis_mm:
        min_size, max_size = round(0.75 * region.long_axis_mm, 1), round(1.25 * region.long_axis_mm, 1)
    return FilterSpec(types, sex, min_age, max_age, min_size, max_size, slots.scope, slots.k)
