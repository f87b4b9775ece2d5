"""Checks of claims about the series of an upload: against the series they name, else the one on the screen."""

from assistant.grounding.claims import Claim
from assistant.grounding.knowledge import Record
from assistant.grounding.sentence import Sentence


def trait(sentence: Sentence, claim: Claim) -> bool:
    """Check plane, kernel, kind, phase, compression, contrast or age of a series; "not axial" needs a known plane."""
    return any(record.supports(claim) for record in _series_of(sentence, claim))


def unstated(sentence: Sentence, claim: Claim) -> bool:
    """Check that the file does not say something; which contrast phase it was, none does."""
    if claim.label == "phase":
        return True
    if claim.label == "image":
        return not sentence.known.has_image_numbers
    silent = (None, False) if claim.label == "lossy" else (None,)
    return any(record.traits.get(claim.label) in silent for record in _series_of(sentence, claim))


def series(sentence: Sentence, claim: Claim) -> bool:
    """Check that there is such a series, and how many there are."""
    known = sentence.known.series
    return int(claim.numbers[0].value) in known and (len(claim.numbers) < 2 or claim.numbers[1].value == len(known))


def image(sentence: Sentence, claim: Claim) -> bool:
    """Check an image number: of the region named before it, else of a slice that was looked up."""
    before = [r for c, r in sentence.entities if c.kind == "region" and c.end <= claim.start]
    regions = before[-1:] or [r for r in sentence.focus if r.kind == "region"]
    number = claim.numbers[0]
    if before:
        return number.fits(before[-1].image_number)
    return int(number.value) in sentence.known.images or any(number.fits(r.image_number) for r in regions)


def _series_of(sentence: Sentence, claim: Claim) -> list[Record]:
    """Find the series a claim is about: the one named nearest to it, else the one on the screen."""
    named = [(c, r) for c, r in sentence.entities if c.kind == "series"]
    before = [r for c, r in named if c.end <= claim.start]
    if before or named:
        return [before[-1] if before else named[0][1]]
    return [sentence.known.study] if sentence.known.study is not None else []
