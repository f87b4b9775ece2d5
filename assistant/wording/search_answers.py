"""A search in words: what was looked at, what it resembles and how sure, the nearest cases, what speaks against."""

from collections import Counter
from collections.abc import Sequence

from assistant.core.requests import FilterSpec
from assistant.wording.fixed_sentences import CALIBRATED, CAUTION, ENCODER_SEES, REAL_ATLAS, outline_note
from assistant.wording.phrases import (
    SEX_PLURAL,
    body_part_seen,
    bounds,
    cite,
    counted,
    filter_phrases,
    joined,
    lesion_facts,
    listed,
    region_place,
)
from tools.atlas.confidence import LIMIT_WORDS
from tools.atlas.group import OWN
from tools.domain.facts import HitFacts, RegionFacts, SearchFacts
from tools.domain.number_words import likeness, number, percent

NEAREST_SHOWN = 3
SAME_SIZE = 0.15  # axes that differ by less than this share count as similar


def search_answer(
    facts: SearchFacts,
    region: RegionFacts,
    *,
    evidence: int = 0,
    suggested: bool = False,
    others: Sequence[RegionFacts] = (),
    asked_type: str | None = None,
    atlas_types: Sequence[str] = (),
    caution: bool = False,
) -> str:
    """Say what was looked at, what it resembles and how sure, the nearest cases, and what speaks against it."""
    opening = [_looked_at(facts, region, suggested, others, atlas_types), *outline_note(region)]
    if not facts.hits:
        opening.append(nothing_found(facts))
        return " ".join(opening)
    parts = [" ".join(opening), " ".join([*_seen(facts), *_verdict(facts, asked_type, evidence)])]
    parts.append("\n".join([_nearest_title(facts), *(_hit_line(h, region) for h in facts.hits[:NEAREST_SHOWN])]))
    parts.append(" ".join(_against(facts, region)))
    closing = [REAL_ATLAS] if facts.synthetic_atlas and not facts.synthetic_study else []
    if caution:
        closing.append(CAUTION)
    return joined([*parts, " ".join(closing)])


def nothing_found(facts: SearchFacts) -> str:
    """Say why a search has no hits: the filters, or a patient id that study and lesions share."""
    if not facts.own_patient:
        return "No atlas lesion passes these filters; loosen one and I will search again."
    return (
        "No lesion of another patient passes: every match is recorded under the patient id of this study. "
        "If others share that id, search all patients."
    )


def _looked_at(
    facts: SearchFacts,
    region: RegionFacts,
    suggested: bool,
    others: Sequence[RegionFacts],
    atlas_types: Sequence[str],
) -> str:
    """Name the region and what was searched, and that the region was only a suggestion."""
    searched = f"searched {covered(facts, atlas_types)}."
    if not suggested:
        return f"I looked at {region_place(region)} and {searched}"
    more = f" (also suggested: {listed(r.region_id for r in others)})" if others else ""
    return f"You had not marked a lesion, so I took my best suggestion, {region_place(region)}{more}, and {searched}"


def covered(facts: SearchFacts, atlas_types: Sequence[str]) -> str:
    """Say how many atlas lesions a search covered, and by which filters."""
    scope = () if facts.filters.scope != "cross-patient" else ("other patients only",)
    among = f"{facts.candidates} of {facts.atlas_size} atlas lesions"
    return f"{among}: {', '.join([*filter_phrases(facts.filters, atlas_types), *scope])}"


def _seen(facts: SearchFacts) -> list[str]:
    """Say what the slice looks like, where the file does not name the body part."""
    if facts.body_part_seen is None or facts.body_part_certainty is None:
        return []
    return [body_part_seen(facts.body_part_seen, facts.body_part_certainty)]


def _verdict(facts: SearchFacts, asked_type: str | None, evidence: int) -> list[str]:
    """Say which type leads the vote and how sure that is, or why none is named."""
    ref = f" (E{evidence})" if evidence else ""
    votes = facts.votes
    if facts.confidence == "none" and facts.confidence_limit:
        return [f"I name no type: {_limit(facts)}{ref}."]
    if facts.confidence == "none":
        return [f"Nothing similar enough in this atlas to name a type{ref}."]
    if not votes:
        return [f"The hits carry no types, so there is no vote{ref}."]
    only = set(facts.filters.lesion_types)
    if len(only) == 1:
        return [f"Only {next(iter(only))} lesions were allowed, so the hits say nothing about the type{ref}."]
    first = votes[0]
    told = [
        f"It most resembles **{first.lesion_type}** lesions: {percent(first.probability)} of the vote, "
        f"{facts.confidence} confidence{ref}."
    ]
    rest = [v for v in votes[1:3] if v.probability >= 0.05]
    if rest:
        told.append(f"Next: {listed(f'{v.lesion_type} {percent(v.probability)}' for v in rest)}.")
    if asked_type and asked_type != first.lesion_type:
        told.append(_votes_for(asked_type, facts))
    return told


def _votes_for(lesion_type: str, facts: SearchFacts) -> str:
    """Say the share of a type that does not lead; one that rounds to 0 % is a vote all the same."""
    share = next((v.probability for v in facts.votes if v.lesion_type == lesion_type), None)
    return f"No vote went to {lesion_type}." if share is None else f"For {lesion_type} speaks {percent(share)}."


def _limit(facts: SearchFacts) -> str | None:
    """Say what keeps the confidence below what the similarity alone would give."""
    return LIMIT_WORDS[facts.confidence_limit] if facts.confidence_limit else None


def _nearest_title(facts: SearchFacts) -> str:
    """Write the line above the nearest hits."""
    if facts.confidence == "none":
        return "The nearest, for reference only:"
    return f"Nearest of {counted(len(facts.hits), 'hit')}:" if len(facts.hits) > NEAREST_SHOWN else "Nearest:"


def _hit_line(hit: HitFacts, region: RegionFacts) -> str:
    """Write one hit as a list item."""
    return (
        f"- {cite(hit.lesion_id)} {lesion_facts(hit)}; similarity "
        f"{likeness(hit.similarity)}{_size_beside(hit.long_axis_mm, region)}{_where_from(hit.atlas)}."
    )


def _where_from(atlas: str | None) -> str:
    """Name the atlas of a hit, where several were searched."""
    return "" if atlas is None else "; one of your own cases" if atlas == OWN else f"; from `{atlas}`"


def _size_beside(long_mm: float | None, region: RegionFacts) -> str:
    """Compare a long axis in mm with the region's; empty where one is not known."""
    own = region.long_axis_mm
    if long_mm is None or not own:
        return ""
    difference = long_mm - own
    if abs(difference) <= SAME_SIZE * own:
        return f"; about the size of {region.region_id}"
    return f"; {number(abs(difference))} mm {'longer' if difference > 0 else 'shorter'} than {region.region_id}"


def _against(facts: SearchFacts, region: RegionFacts) -> list[str]:
    """Say what speaks against the leading type: hits of other types, sizes, a low confidence."""
    told = []
    counts = Counter(h.lesion_type for h in facts.hits if h.lesion_type)
    leader = facts.votes[0].lesion_type if facts.votes else None
    other_types = {t: n for t, n in counts.most_common() if t != leader}
    if facts.confidence != "none" and leader and len(set(facts.filters.lesion_types)) != 1:
        if other_types:
            total = sum(other_types.values())
            kinds = listed(f"{n} {t}" for t, n in other_types.items())
            told.append(
                f"Against it: {total} of the {counted(len(facts.hits), 'hit')} {'is' if total == 1 else 'are'} of "
                f"another type ({kinds})."
            )
        elif len(facts.hits) > 1:
            told.append(f"All {len(facts.hits)} hits are {leader}; none speaks against it.")
    own = region.long_axis_mm
    sizes = [h.long_axis_mm for h in facts.hits[:NEAREST_SHOWN] if h.long_axis_mm is not None]
    if own and len(sizes) == len(facts.hits[:NEAREST_SHOWN]) > 1 and facts.confidence != "none":
        if all(s > (1 + SAME_SIZE) * own for s in sizes):
            told.append(f"The nearest are all larger than {region.region_id}.")
        elif all(s < (1 - SAME_SIZE) * own for s in sizes):
            told.append(f"The nearest are all smaller than {region.region_id}.")
    if facts.confidence == "low" or (facts.confidence_limit and facts.confidence != "none"):
        likeness_alone = "the hits are not close, or disagree" if len(counts) > 1 else "the hits are not close"
        told.append(f"Confidence is {facts.confidence}: {_limit(facts) or likeness_alone}.")
    return told


def why_answer(facts: SearchFacts, region: RegionFacts | None, evidence: int, types: Sequence[str] = ()) -> str:
    """Give the reasons behind the last search: votes, agreement, similarity, size."""
    if not facts.hits:
        return "The last search had no hits: no atlas lesion passed its filters."
    told = []
    first = facts.hits[0]
    ref = f" (E{evidence})" if evidence else ""
    if facts.confidence == "none" and facts.confidence_limit:
        return f"I name no type: {_limit(facts)}{ref}."
    if facts.confidence == "none":
        told.append(
            f"Because even the closest case, {cite(first.lesion_id)}, reaches a similarity of only "
            f"{likeness(first.similarity)}: "
            f"too little to name a type{ref}."
        )
        return " ".join(told)
    if facts.votes:
        leader = facts.votes[0]
        same = sum(h.lesion_type == leader.lesion_type for h in facts.hits)
        told.append(
            f"{same} of the {counted(len(facts.hits), 'hit')} for {facts.region_id} "
            f"{'is' if same == 1 else 'are'} {leader.lesion_type}, and closer hits count more: "
            f"{percent(leader.probability)} of the vote{ref}."
        )
        for name in types:
            if name != leader.lesion_type:
                told.append(_votes_for(name, facts))
    told.append(
        f"The closest is {cite(first.lesion_id)}: {lesion_facts(first)}, similarity {likeness(first.similarity)}."
    )
    if region:
        told += _against(facts, region)
    told.append(ENCODER_SEES)
    return " ".join(told)


def sureness_answer(facts: SearchFacts) -> str:
    """Say how sure the last search was."""
    if not facts.hits:
        return "The last search had no hits, so there is nothing to be sure of."
    if facts.confidence == "none" and facts.confidence_limit:
        return f"Not at all: {_limit(facts)}."
    if facts.confidence == "none" or not facts.votes:
        return (
            f"Not at all: the closest case, {cite(facts.hits[0].lesion_id)}, has a similarity of "
            f"{likeness(facts.hits[0].similarity)}, "
            "too little to name a type."
        )
    told = [
        f"{facts.confidence.capitalize()} confidence for {facts.region_id}: {facts.votes[0].lesion_type} has "
        f"{percent(facts.votes[0].probability)} of the vote."
    ]
    if len(facts.votes) > 1:
        told.append(f"The runner-up is {facts.votes[1].lesion_type} with {percent(facts.votes[1].probability)}.")
    told.append(f"The reason: {_limit(facts)}." if facts.confidence_limit else CALIBRATED)
    return " ".join(told)


def count_answer(facts: SearchFacts, wanted: FilterSpec) -> str:
    """Count the last hits of a type or a sex, or by type."""
    tests = []
    if wanted.lesion_types:
        tests.append((listed(wanted.lesion_types, "or"), [h.lesion_type in wanted.lesion_types for h in facts.hits]))
    if wanted.sex:
        tests.append((SEX_PLURAL[wanted.sex], [h.sex == wanted.sex for h in facts.hits]))
    for what, low, high, unit, values in (
        ("aged", wanted.min_age, wanted.max_age, "", [h.age_years for h in facts.hits]),
        ("of a long axis of", wanted.min_size_mm, wanted.max_size_mm, " mm", [h.long_axis_mm for h in facts.hits]),
    ):
        inside = [value is not None and (low or value) <= value <= (high or value) for value in values]
        tests += [(words, inside) for words in bounds(what, low, high, unit)]
    if not tests:
        counts = Counter(h.lesion_type or "type not recorded" for h in facts.hits)
        return (
            f"The {counted(len(facts.hits), 'hit')} for {facts.region_id}: "
            f"{listed(f'{n} {t}' for t, n in counts.most_common())}."
        )
    return " ".join(
        f"{sum(found)} of the {counted(len(facts.hits), 'hit')} for {facts.region_id} "
        f"{'is' if sum(found) == 1 else 'are'} {what}."
        for what, found in tests
    )


def filters_answer(facts: SearchFacts | None) -> str:
    """Say the filters of the last search."""
    if facts is None:
        return "No filter is set; nothing has been searched yet."
    said = filter_phrases(facts.filters)
    return (
        f"The last search, for {facts.region_id}, used: {'; '.join(said)}."
        if said
        else (f"The last search, for {facts.region_id}, used no filter beyond leaving out this patient.")
    )
