"""Checks of claims: about one record or two (a lesion, a region, the study), about types, a search or the atlas."""

import re
from collections.abc import Iterator, Sequence

from assistant.grounding.claims import INSIDE_BOUNDS, PLURAL_SEXES, Claim, Quantity
from assistant.grounding.sentence import Sentence

OF_ONE_RECORD = frozenset({
    "body_part", "age", "sex", "size", "size_pair", "area", "hu", "similarity", "score", "rank", "slice", "type",
    "patient_key",
})  # fmt: skip
MAX_SIZE_DIFFERENCE = 0.3  # "about the size of": as a share of the larger
MAX_PICKED_OUT = 5  # "the two nearest": a choice of words up to here
LEVELS = {"medium": "moderate", "strong": "high", "weak": "low", "no": "none"}


def own(sentence: Sentence, claim: Claim) -> bool:
    """Check a claim against the record it is said of, or the one the conversation is about."""
    if claim.kind in ("age", "sex") and _about_study_patient(sentence, claim):
        return sentence.known.study is not None and sentence.known.study.supports(claim)
    subjects = sentence.subjects(claim)
    if not subjects and claim.kind in ("size", "size_pair", "area", "hu", "slice"):
        subjects = [*sentence.known.regions.values()][:1] if len(sentence.known.regions) == 1 else []
    if claim.kind == "slice" and sentence.known.study is not None and not subjects:
        return sentence.known.study.supports(claim)
    # without a name of its own the sentence speaks of one of those named before, of the same one throughout
    if not sentence.entities:
        together = [c for c in sentence.claims if c.kind in OF_ONE_RECORD]
        return any(all(r.supports(c) for c in together if c.kind != "type") for r in subjects)
    return any(record.supports(claim) for record in subjects)


def age(sentence: Sentence, claim: Claim) -> bool:
    """Check an age of a patient, or the one a search was limited to: "searched 0 of 192: aged 70", "of 60 or older"."""
    limits = sentence.search.filters if sentence.search else None
    if limits is not None and claim.label == "or older" and limits.min_age == claim.numbers[0].value:
        return True
    if limits is not None and "searched" in sentence.lower and limits.min_age == limits.max_age is not None:
        return claim.numbers[0].value == limits.min_age
    return own(sentence, claim)


def _about_study_patient(sentence: Sentence, claim: Claim) -> bool:
    return bool(re.search(r"\b(?:patient:|this patient is|the patient is|your patient)", sentence.lower)) and not any(
        c.kind == "lesion" for c in sentence.claims
    )


def delta(sentence: Sentence, claim: Claim) -> bool:
    """Check a difference of two records, both rounded before they were subtracted."""
    first, second = sentence.pair(claim)
    if first is None or second is None:
        return False
    a, b = first.measure(claim.label), second.measure(claim.label)
    if a is None or b is None:
        return False
    signed = a - b if claim.words[0] == "up" else b - a
    # both ends were rounded to 0.1 before they were subtracted
    return Quantity(claim.numbers[0].value, claim.numbers[0].half_step + (0.1 if claim.label == "size" else 0)).fits(
        signed
    )


def comparison(sentence: Sentence, claim: Claim) -> bool:
    """Check that one record is larger, smaller, older or younger than another, or than all near hits."""
    sign = 1 if claim.words[0] == "up" else -1
    other = sentence.named_after(claim)
    if claim.words[1] == "all" or re.search(r"\b(?:the nearest|they|hits|all)\b[^.]* are\b", sentence.lower):
        if other is None or sentence.search is None or (measured := other.measure(claim.label)) is None:
            return False
        near = [sentence.known.lesions[h.lesion_id].measure(claim.label) for h in sentence.search.hits[:3]]
        return bool(near) and all(m is not None and sign * (m - measured) > 0 for m in near)
    first, second = sentence.pair(claim)
    a = first.measure(claim.label) if first else None
    b = second.measure(claim.label) if second else None
    return a is not None and b is not None and sign * (a - b) > 0


def like_size(sentence: Sentence, claim: Claim) -> bool:
    """Check that two records are much of a size."""
    first, second = sentence.pair(claim)
    a = first.measure("size") if first else None
    b = second.measure("size") if second else None
    return a is not None and b is not None and abs(a - b) <= MAX_SIZE_DIFFERENCE * max(a, b)


def closest(sentence: Sentence, claim: Claim) -> bool:
    """Check that the lesion named beside it is the first hit."""
    after = [
        c
        for c, _ in sentence.entities
        if c.kind == "lesion" and (0 <= c.start - claim.end <= 2 or 0 <= claim.start - c.end <= 1)
    ]
    if not after:
        return True
    return any(s.hits and s.hits[0].lesion_id == after[0].words[0] for s in sentence.known.searches)


def same_patient(sentence: Sentence, claim: Claim) -> bool:
    """Check that the records named are of the same patient, or are not."""
    same = claim.words[0] == "yes"
    named = {r.name for _, r in sentence.entities} | {r.name for r in sentence.focus}
    if any(c.same_patient == same and c.lesion.lesion_id in named for c in sentence.known.comparisons):
        return True
    keys = [r.patient for _, r in sentence.entities if r.patient]
    return len(keys) > 1 and (len(set(keys)) == 1) == same


def body_part(sentence: Sentence, claim: Claim) -> bool:
    """Check a body part of a record, or of the study."""
    if claim.text.lower().startswith("body"):
        return own(sentence, claim)
    return of_study(sentence, claim)


def of_study(sentence: Sentence, claim: Claim) -> bool:
    """Check a fact of the study."""
    return sentence.known.study is not None and sentence.known.study.supports(claim)


def in_lesson(sentence: Sentence, claim: Claim) -> bool:
    """Check a bare number, which stands only in a paraphrase of a lesson that holds it."""
    about_lesson = not sentence.entities and not re.search(r"\b(?:this|your|it|here)\b", sentence.lower)
    return about_lesson and sentence.known.in_lesson(claim.text, sentence.text)


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
    if bounds := re.fullmatch(INSIDE_BOUNDS, what):
        first, last = float(bounds["first"]), float(bounds["last"] or bounds["first"])
        low, high = 0.0 if bounds["end"] == "under" else first, float("inf") if bounds["end"] == "over" else last
        own = [h.age_years if bounds["of"] == "aged" else h.long_axis_mm for h in found]
        return sum(value is not None and low <= value <= high for value in own)
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
