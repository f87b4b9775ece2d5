"""Checks of lesion types: as a filter, a choice, a lesson, a hit's own, or the verdict of a search."""

import re
from collections.abc import Iterator

from assistant.grounding.claims import Claim
from assistant.grounding.sentence import Sentence


def type_of_subject(sentence: Sentence, claim: Claim) -> bool:
    """Check a lesion type: of a filter, of the atlas, of a lesson, of a hit, or as the verdict of a search."""
    name, search = claim.words[0], sentence.search
    before = sentence.lower[: claim.start]
    filtered = re.search(
        r"\b(?P<cue>only|everything but|all but|except|excluding|limited to|restricted to)\b(?P<list>[^.;:]*)$",
        before,
    )
    if filtered and search is not None and search.filters.lesion_types:
        listed = set(_listed_types(sentence, filtered.start()))
        applied = set(search.filters.lesion_types)
        if filtered.group("cue") in ("only", "limited to", "restricted to"):
            return listed == applied
        return listed == set(sentence.known.atlas_types) - applied
    if re.search(
        r"\b(?:its|the atlas's|available|these|known) types (?:are|is)\b|\bchoose from\b|\btypes:|\bshall i "
        r"explain\b",
        before,
    ):
        return name in sentence.known.atlas_types
    if re.search(r"\bno lesions? of type[^.;]*$", before):
        return name not in sentence.known.atlas_types
    if any(c.kind == "lesion" for c, _ in sentence.entities) or (
        not _has_verdict_words(sentence) and sentence.focus_is_lesion
    ):
        subjects = sentence.subjects(claim)
        denied = bool(re.search(r"\b(?:not|no|rather than|instead of)\b[^.;,]{0,20}$", before))
        if subjects and all(r.supports(claim) != denied for r in subjects):
            return True
        if sentence.focus_is_lesion or any(c.kind == "lesion" for c, _ in sentence.entities):
            return False
    if any(c.kind == "percent" for c in sentence.claims) and search is not None:
        leading = re.search(r"\b(?:most|mainly|leading|first|best)\b[^.:;]*$", before)
        if leading and not any(c.kind == "type" and leading.start() < c.start < claim.start for c in sentence.claims):
            return bool(search.votes) and search.votes[0].lesion_type == name
        return any(v.lesion_type == name for v in search.votes)
    if search is None or not search.votes:
        return any(lesson.lesion_type == name for lesson in sentence.known.lessons) and not search
    if search.confidence == "none":
        return False
    if re.search(r"\b(?:next|also|second|runner-up|less|possibly|could|might|may)\b", before) and not re.search(
        r"\bmost\b", before
    ):
        return any(v.lesion_type == name and v.probability >= 0.05 for v in search.votes)
    negated = re.search(r"\b(?:not|no|rather than|instead of)\b[^.;,]{0,30}$", before)
    if negated:
        return search.votes[0].lesion_type != name
    return search.votes[0].lesion_type == name


def _has_verdict_words(sentence: Sentence) -> bool:
    return bool(
        re.search(r"\b(?:resembles?|looks?|vote|votes|confidence|most|next|runner-up|speaks)\b", sentence.lower)
    )


def _listed_types(sentence: Sentence, start: int) -> Iterator[str]:
    """List the types from a cue to the end of its clause."""
    stop = re.search(r"[.;:(]|, (?=women|men|aged|long axis|other|this|all patients)", sentence.text[start:])
    end = start + stop.start() if stop else len(sentence.text)
    return (c.words[0] for c in sentence.claims if c.kind == "type" and start <= c.start < end)
