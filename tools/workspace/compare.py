"""A region beside one atlas lesion: what is alike and what is not."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from encoder.roi import ROI_SIZE
from tools.atlas.searchable import SearchableAtlas
from tools.domain.facts import ComparisonFacts, LesionFacts, RegionFacts
from tools.domain.lesions import AtlasLesion
from tools.regions.crop import crop_with_context, field_of_view_mm
from tools.workspace.session import Workspace


def compare_with_lesion(workspace: Workspace, region_id: str, lesion_id: str) -> ComparisonFacts:
    """Compute the similarity and the differences (region minus lesion) in size and density.

    Raises RegionError or AtlasError for an unknown id, QuizError where that would answer a question of a quiz.
    """
    session, atlas = workspace.session, workspace.atlas
    if session.quiz is not None:
        session.quiz.check_told()
    region, series = session.region(region_id), session.series
    lesion = atlas.get(lesion_id)
    encoder_input, lesion_roi = crop_with_context(series, region), atlas.roi(lesion_id)
    similarity = atlas.similarity(workspace.embedder(encoder_input[None])[0], lesion_id)
    in_hu = series.facts.units == "HU" and lesion_roi.dtype == np.int16
    width_mm = field_of_view_mm(region.box, series.spacing_mm[1:])
    lesion_width_mm = lesion.field_of_view_mm or (lesion.pixel_spacing_mm and ROI_SIZE * lesion.pixel_spacing_mm)
    facts = RegionFacts.of(region, series)
    described = LesionFacts.of(lesion, others_of_patient(atlas, lesion))
    patient_key = session.study.patient_key if session.study else None
    return ComparisonFacts(
        region=facts,
        lesion=described,
        similarity=round(similarity, 3),
        long_axis_difference_mm=_difference(facts.long_axis_mm, described.long_axis_mm),
        short_axis_difference_mm=_difference(facts.short_axis_mm, described.short_axis_mm),
        region_roi_mean=_centre_mean(encoder_input[0], width_mm, facts.short_axis_mm) if in_hu else None,
        lesion_roi_mean=_centre_mean(lesion_roi, lesion_width_mm, lesion.short_axis_mm) if in_hu else None,
        same_patient=None if patient_key is None else patient_key == lesion.patient_key,
    )


def others_of_patient(atlas: SearchableAtlas, lesion: AtlasLesion) -> int:
    """Count how many more lesions the atlas holds of a lesion's patient."""
    return atlas.lesions_of(lesion.patient_key) - 1


def _difference(a_mm: float | None, b_mm: float | None) -> float | None:
    return None if a_mm is None or b_mm is None else round(a_mm - b_mm, 1)


def _centre_mean(roi: NDArray[np.generic], width_mm: float | None, short_axis_mm: float | None) -> float | None:
    """Mean of a square in the middle that fits into the lesion, at most 16×16 pixels; None where sizes are unknown."""
    if width_mm is None or short_axis_mm is None:
        return None
    side_px = min(short_axis_mm / sqrt(2) * ROI_SIZE / width_mm, ROI_SIZE / 4)
    middle = slice(ROI_SIZE // 2 - max(int(side_px / 2), 1), ROI_SIZE // 2 + max(int(side_px / 2), 1))
    return float(round(roi[middle, middle].astype(np.float64).mean()))
