"""From a region to its hits: crop, embed, search. One path for the assistant, the command line and the screen."""

import time

from tools.atlas.confidence import limited
from tools.atlas.searchable import AtlasSummary, SearchableAtlas
from tools.domain.facts import HitFacts, SearchFacts, VoteFacts
from tools.domain.lesions import FilterError, Filters, check_hits
from tools.regions.body_region_classifier import with_body_part_seen
from tools.regions.crop import crop_with_context
from tools.settings import get_settings
from tools.workspace.same_lesion import MAX_OF_PATIENT, by_same_lesion
from tools.workspace.session import Workspace

DEMO_SOURCE = "phantom"  # value of `source` on synthetic lesions


def search_region(
    workspace: Workspace, region_id: str, k: int | None = None, filters: Filters = Filters()
) -> SearchFacts:
    """Find the `k` atlas lesions most like a region, under filters, with votes and confidence.

    `k` goes from 1 to the setting `max_hits`; None is the setting `hits`.

    The result is also kept in the session, and the region comes to the screen.

    Raises RegionError, FilterError, AtlasError, and QuizError where that would answer a question of a quiz.
    """
    session, atlas = workspace.session, workspace.atlas
    if session.quiz is not None:
        session.quiz.check_told()
    filters = checked_filters(filters, atlas)
    k = get_settings().hits if k is None else k
    check_hits(k, get_settings().max_hits)
    region, series = session.region(region_id), session.series
    started = time.perf_counter()
    crop = crop_with_context(series, region)
    vector = workspace.embedder(crop[None])[0]
    patient_key = session.study.patient_key if session.study else None
    again = filters.scope == "same-patient"  # then the question is which of them is this very lesion
    result = atlas.search(vector, k=MAX_OF_PATIENT if again else k, filters=filters, patient_key=patient_key)
    hits = by_same_lesion(workspace.embedder, atlas, crop, result.hits)[:k] if again else result.hits
    summary = atlas.summary()
    seen = with_body_part_seen(series, region.slice_index)
    calibration = atlas.calibration()
    confidence, limit = limited(
        result.confidence,
        seen,
        atlas.counts("body_part"),
        is_mostly_synthetic(summary),
        calibration.queries if calibration else 0,
    )
    votes = () if confidence == "none" else result.votes
    duration_ms = round(1000 * (time.perf_counter() - started))
    facts = SearchFacts(
        region_id=region.region_id,
        hits=tuple(HitFacts.of(hit) for hit in hits),
        votes=tuple(VoteFacts(lesion_type=v.lesion_type, probability=round(v.probability, 3)) for v in votes),
        confidence=confidence,
        confidence_limit=limit,
        candidates=result.candidates,
        own_patient=result.own_patient,
        atlas_size=result.atlas_size,
        filters=result.filters,
        asked_k=k,
        duration_ms=duration_ms,
        synthetic_atlas=is_synthetic(summary),
        synthetic_study=series.facts.synthetic,
        body_part_seen=seen.body_part_seen,
        body_part_certainty=seen.body_part_certainty,
    )
    session.remember_search(region, facts)
    return facts


def checked_filters(filters: Filters, atlas: SearchableAtlas) -> Filters:
    """Check filters, and give types the atlas's own spelling. Raises FilterError with what would work."""
    spelling = {name.casefold(): name for name in atlas.types()}

    def known(names: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [name for name in names if name.strip().casefold() not in spelling]
        if unknown:
            raise FilterError(
                f"This atlas has no lesion type {unknown[0].strip()[:40]!r}: "
                f"choose from {', '.join(spelling.values()) or 'none, its lesions carry no types'}."
            )
        return tuple(spelling[name.strip().casefold()] for name in names)

    filters.check_bounds()
    return filters.model_copy(update={"lesion_types": known(filters.lesion_types)})


def atlas_name(atlas: SearchableAtlas) -> str:
    """Say what the atlas is called before users: never a path or an address."""
    return "demo atlas of synthetic lesions" if is_synthetic(atlas.summary()) else "atlas"


def is_synthetic(summary: AtlasSummary) -> bool:
    """Tell whether every lesion of the atlas is a phantom's."""
    return set(summary.sources) == {DEMO_SOURCE}


def is_mostly_synthetic(summary: AtlasSummary) -> bool:
    """Tell whether most lesions of the atlas are phantoms': then its votes are theirs."""
    return 2 * summary.sources.get(DEMO_SOURCE, 0) > summary.lesions
