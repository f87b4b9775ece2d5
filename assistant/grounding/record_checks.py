"""Checks of claims about one record, or two: a lesion, a region, the study."""

import re

from assistant.grounding.claims import Claim, Quantity
from assistant.grounding.sentence import Sentence

OF_ONE_RECORD = frozenset({
    "body_part", "age", "sex", "size", "size_pair", "area", "hu", "similarity", "score", "rank", "slice", "type",
    "patient_key",
})  # fmt: skip
MAX_SIZE_DIFFERENCE = 0.3  # "about the size of": as a share of the larger


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
    """Check an age of a patient, or the single age a search was limited to: "searched 0 of 192 lesions: aged 70"."""
    limits = sentence.search.filters if sentence.search else None
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
