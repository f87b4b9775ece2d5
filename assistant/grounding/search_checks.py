"""Checks of claims about a search or the atlas: shares, counts, confidence, and the filters that were applied."""

import re
from collections.abc import Sequence

from assistant.grounding.claims import PLURAL_SEXES, Claim
from assistant.grounding.sentence import Sentence

MAX_PICKED_OUT = 5  # "the two nearest": a choice of words up to here
LEVELS = {"medium": "moderate", "strong": "high", "weak": "low", "no": "none"}


def percent(sentence: Sentence, claim: Claim) -> bool:
    """Check a share of the votes against the type nearest to it in the sentence."""
    if sentence.search is None:
        return False
    mentioned = [c for c in sentence.claims if c.kind in ("type", "all", "share", "count") and sentence.types_in(c)]
    before = [c for c in mentioned if c.end <= claim.start]
    after = [c for c in mentioned if c.start >= claim.end]
    nearest = (before[-1:] or after[:1]) if sentence.ids_first else (after[:1] or before[-1:])
    names = sentence.types_in(nearest[0])[-1:] if nearest else [sentence.topic_type] if sentence.topic_type else []
    value = claim.numbers[0]
    for vote in sentence.search.votes:
        if vote.lesion_type in names:
            share = 100 * vote.probability
            if claim.label:
                return (share < value.value) if claim.label == "under" else (share > value.value)
            return value.fits(share) or (value.fits(round(share)) and value.half_step >= 0.5)
    return False


def body_part_seen(sentence: Sentence, claim: Claim) -> bool:
    """Check what a picture is said to look like, and with which certainty, against the searches and the study."""
    return any(
        region == claim.words[0] and all(n.fits(100 * certainty) for n in claim.numbers)
        for region, certainty in sentence.known.body_parts_seen
    )


def no_body_part(sentence: Sentence, claim: Claim) -> bool:
    """Check that the file names no body part: only then is a picture looked at for one."""
    study = sentence.known.study
    return bool(sentence.known.body_parts_seen) or (study is not None and study.body_part is None)


def no_vote(sentence: Sentence, claim: Claim) -> bool:
    """Check that a type got no votes."""
    return sentence.search is not None and sentence.type_name(claim.words[0]) not in {
        v.lesion_type for v in sentence.search.votes
    }


def _counted_hits(sentence: Sentence, what: str, hits: Sequence[object]) -> int | None:
    """Count the hits that are of what the sentence says; None when it says nothing countable."""
    assert sentence.search is not None
    what = what.lower().strip()
    found = sentence.search.hits[: len(hits)]
    if not what:
        return None
    if re.search(r"(?:another|different|other) type", what):
        leader = sentence.search.votes[0].lesion_type if sentence.search.votes else None
        return sum(h.lesion_type != leader for h in found if h.lesion_type)
    person = PLURAL_SEXES.get(re.sub(r"^(?:from |of )", "", what))
    if person:
        return sum(h.sex == person for h in found)
    kinds = {sentence.type_name(w) for w in sentence.split_types(what)}
    if not kinds:
        return None
    return sum((h.lesion_type in kinds) != what.startswith("not ") for h in found)


def share(sentence: Sentence, claim: Claim) -> bool:
    """Check "3 of 5 hits are liver" against the hits, or against the atlas."""
    n = int(claim.numbers[0].value)
    total = int(claim.numbers[1].value) if len(claim.numbers) > 1 else None
    if claim.label == "atlas":
        return _atlas_share(sentence, n, total, claim.words[0])
    if sentence.search is None:
        return False
    hits = sentence.search.hits
    if total is not None and total > len(hits):
        return False
    considered = hits[:total] if total is not None else hits
    near = re.search(r"\b(?:closest|nearest|most similar|top|best|first)\b", claim.text.lower())
    if total is not None and total != len(hits) and not near:
        return False
    counted = _counted_hits(sentence, claim.words[0], considered)
    return n <= len(considered) and claim.words[0] == "" if counted is None else counted == n


def _atlas_share(sentence: Sentence, n: int, total: int | None, what: str) -> bool:
    if not what:
        return (
            sentence.search is not None
            and n == sentence.search.candidates
            and total in (None, sentence.search.atlas_size)
        )
    for facts in sentence.known.atlases:
        kinds = sentence.split_types(what)
        keys = [sentence.type_name(k) for k in kinds] or [
            PLURAL_SEXES.get(re.sub(r"^(?:from |of )", "", what.lower()), what)
        ]
        if (
            total in (None, facts.total)
            and sum(facts.counts.get(k, 0) for k in keys) == n
            and any(k in facts.counts for k in keys)
        ):
            return True
    return False


def all_hits(sentence: Sentence, claim: Claim) -> bool:
    """Check "all hits are liver"."""
    if sentence.search is None or not sentence.search.hits:
        return False
    near = re.search(r"\b(?:closest|nearest|most similar|top|best|first)\b", claim.text.lower())
    n = int(claim.numbers[0].value) if claim.numbers else len(sentence.search.hits)
    if n > len(sentence.search.hits) or (n != len(sentence.search.hits) and not near):
        return False
    return _counted_hits(sentence, claim.words[0], sentence.search.hits[:n]) == n


def count(sentence: Sentence, claim: Claim) -> bool:
    """Check how many hits, lesions, patients and the like there are."""
    n, search = int(claim.numbers[0].value), sentence.search
    kind = sentence.type_name(claim.words[0]) if claim.words[0] else ""
    known = sentence.known
    if claim.label in ("hits", "nearest", "typed"):
        if search is not None and kind:
            return sum(h.lesion_type == kind for h in search.hits) == n
        if claim.label == "nearest":  # how many are picked out, not how many there are
            return search is not None and (n <= min(MAX_PICKED_OUT, len(search.hits)) or n == search.asked_k)
        wished = search is not None and n == search.asked_k and re.search(r"\bask|\bwanted\b|\bup to\b", sentence.lower)
        return search is not None and (n == len(search.hits) or bool(wished))
    if claim.label == "others":
        return any(r.others == n for r in [*(r for _, r in sentence.entities), *sentence.focus])
    if claim.label == "lesions":
        totals = {known.atlas_size, *(f.total for f in known.atlases)}
        if kind:
            return any(f.counts.get(kind) == n for f in known.atlases)
        if search is not None:
            totals |= {search.candidates, search.atlas_size}
        return n in totals
    return n in known.counts(claim.label)


def group_count(sentence: Sentence, claim: Claim) -> bool:
    """Check the count of a group of the atlas."""
    if sum(c.kind == "group_count" and c.words == claim.words for c in sentence.claims) > 1:
        return False  # a group is counted once
    return any(claim.numbers[0].fits(known) for known in sentence.known.group_counts(claim.words[0]))


def confidence(sentence: Sentence, claim: Claim) -> bool:
    """Check the level of confidence that a search gave."""
    said = LEVELS.get(claim.words[0], claim.words[0])
    return sentence.search is not None and said == sentence.search.confidence


def bound(sentence: Sentence, claim: Claim) -> bool:
    """Check a bound against the filters applied, or against the lesion it is said of."""
    names = ("min_age", "max_age") if claim.kind == "age_bound" else ("min_size_mm", "max_size_mm")
    applied = [getattr(sentence.search.filters, n) for n in names] if sentence.search else [None, None]
    values = [q.value for q in claim.numbers]
    if claim.words[0] == "range":
        fits = [values[0], values[1]] == applied
    else:
        fits = values[0] == applied[0 if claim.words[0] == "min" else 1]
    return fits or _true_of_subject(sentence, claim)


def _true_of_subject(sentence: Sentence, claim: Claim) -> bool:
    """Check "[id] is over 20 mm" against the lesion it is said of."""
    if not any(c.kind == "lesion" for c, _ in sentence.entities):
        return False
    value = [q.value for q in claim.numbers]
    for record in sentence.subjects(claim):
        own = record.measure("age" if claim.kind == "age_bound" else "size")
        if own is None:
            continue
        if claim.words[0] == "range":
            return value[0] <= own <= value[1]
        return own >= value[0] if claim.words[0] == "min" else own <= value[0]
    return False


def people(sentence: Sentence, claim: Claim) -> bool:
    """Check a sex against the filter applied."""
    return sentence.search is not None and sentence.search.filters.sex == claim.words[0]


def scope(sentence: Sentence, claim: Claim) -> bool:
    """Check whose lesions were searched."""
    wanted = {"other patients": "cross-patient", "this patient": "same-patient", "all patients": "all"}[claim.words[0]]
    return sentence.search is not None and sentence.search.filters.scope == wanted
