"""A region beside an atlas lesion: both pictures at one scale and in one window, and what makes them alike."""

import base64

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from assistant.wording.phrases import person
from tools.domain.facts import ComparisonFacts
from tools.domain.number_words import likeness
from tools.domain.region import Region
from tools.domain.study import Series
from tools.regions.crop import apply_window, crop_box, crop_with_context, field_of_view_mm, region_window
from tools.regions.png import enlarged, to_png
from tools.workspace.compare import compare_with_lesion
from ui.state.visit import Visit

PICTURE_PX = 320


class Comparison(BaseModel):
    """A region beside an atlas lesion, with four pictures as `data:` URLs: plain, and with the saliency of similarity.

    `width_mm` is the field of view of all four; None where one has no known scale: then each fills its picture.
    """

    facts: ComparisonFacts
    query: str
    hit: str
    query_heat: str
    hit_heat: str
    width_mm: float | None
    shown: str
    likeness: str
    query_patient: str
    hit_patient: str
    age_difference_years: int | None


def compare(visit: Visit, region_id: str, lesion_id: str) -> Comparison:
    """Compare a region of the open study with an atlas lesion.

    Raises RegionError or AtlasError for an unknown id.
    """
    workspace, session = visit.workspace, visit.session
    series, region = session.series, session.region(region_id)
    facts = compare_with_lesion(workspace, region_id, lesion_id)
    query, hit = crop_with_context(series, region), workspace.atlas.roi(lesion_id)
    window = region_window(series, region)
    query_mm = field_of_view_mm(region.box, series.spacing_mm[1:]) if series.facts.row_spacing_mm else None
    hit_mm = workspace.atlas.get(lesion_id).field_of_view_mm
    width_mm = None if query_mm is None or hit_mm is None else max(query_mm, hit_mm)
    query_share, hit_share = (1.0 if mm is None or width_mm is None else mm / width_mm for mm in (query_mm, hit_mm))
    query_grey = apply_window(_surroundings(series, region, width_mm), window)
    in_hu = hit.dtype == np.int16
    hit_grey = _placed(apply_window(hit.astype(np.int16), window) if in_hu else hit, hit_share)
    query_heat, hit_heat = workspace.embedder.saliency(query, workspace.atlas.encoder_input(lesion_id))
    age, other_age = series.facts.age_years, facts.lesion.age_years
    shown = f"window {window.width_hu:g}, level {window.level_hu:g}"
    return Comparison(
        facts=facts,
        query=_address(query_grey),
        hit=_address(hit_grey),
        query_heat=_address(heated(query_grey, _placed(query_heat, query_share, smooth=False))),
        hit_heat=_address(heated(hit_grey, _placed(hit_heat, hit_share, smooth=False))),
        width_mm=width_mm,
        shown=" ".join((_scale(width_mm, query_mm), _windows(shown, in_hu))),
        likeness=likeness(facts.similarity),
        query_patient=person(series.facts.sex, age),
        hit_patient=person(facts.lesion.sex, other_age),
        age_difference_years=None if age is None or other_age is None else age - other_age,
    )


def heated(grey: NDArray[np.generic], heat: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Tint grey levels (n, n) from nothing through orange to yellow where `heat` (n, n) in 0..1 is high: (n, n, 3)."""
    strength = np.clip(heat.astype(np.float32), 0, 1)[..., None]
    glow = np.concatenate([np.full_like(strength, 255), 90 + 150 * strength, 40 * (1 - strength)], axis=-1)
    alpha = 0.65 * np.clip((strength - 0.35) / 0.65, 0, 1)
    mixed: NDArray[np.float32] = grey.astype(np.float32)[..., None] * (1 - alpha) + glow * alpha
    return np.clip(mixed, 0, 255).astype(np.uint8)  # smooth enlarging goes a little beyond


def _surroundings(series: Series, region: Region, width_mm: float | None) -> NDArray[np.int16]:
    """Crop the region as sharp as the slice has it, `width_mm` wide: (PICTURE_PX, PICTURE_PX) HU."""
    image = series.volume_hu[region.slice_index]
    return crop_box(image, region.box, series.spacing_mm[1:], width_mm, PICTURE_PX)


def _placed(values: NDArray[np.generic], share: float, smooth: bool = True) -> NDArray[np.float32]:
    """Enlarge a square picture (n, n) to this share of one of PICTURE_PX a side, black around it."""
    side = max(1, round(PICTURE_PX * share))
    start = (PICTURE_PX - side) // 2
    whole = np.zeros((PICTURE_PX, PICTURE_PX), np.float32)
    whole[start : start + side, start : start + side] = enlarged(values, side, smooth)
    return whole


def _scale(width_mm: float | None, query_mm: float | None) -> str:
    if width_mm is not None:
        return f"Both at the same scale, {width_mm:.0f} mm wide."
    lacking = "The atlas does not" if query_mm is not None else "The file does not"
    return f"{lacking} say how large its pixels are: sizes in the two pictures do not compare."


def _windows(shown: str, in_hu: bool) -> str:
    if in_hu:
        return f"Both in {shown}."
    return f"Your lesion in {shown}; the atlas holds no HU of the other, only the picture as it is."


def _address(pixels: NDArray[np.generic]) -> str:
    grey = np.clip(pixels, 0, 255).astype(np.uint8)
    return "data:image/png;base64," + base64.b64encode(to_png(grey)).decode()
