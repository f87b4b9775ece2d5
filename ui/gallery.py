"""The gallery: hits of the searched region with their votes; choosing one opens the comparison."""

from pathlib import Path

import gradio as gr
from pydantic import BaseModel

from tools.atlas import Confidence
from tools.results import FilterFacts, HitFacts, VoteFacts
from ui.sessions import Visit

HERE = Path(__file__).parent
SHOWN_VOTES = 5

CONFIDENCE = {
    "high": "High confidence",
    "moderate": "Moderate confidence",
    "low": "Low confidence",
    "none": "Nothing similar enough in this atlas: the nearest lesions are shown for reference only",
}


class GalleryState(BaseModel):
    """Everything the gallery shows. `revision` grows; an older state that arrives late is dropped."""

    revision: int
    study_key: str = ""
    region_id: str | None = None
    hits: tuple[HitFacts, ...] = ()
    votes: tuple[VoteFacts, ...] = ()
    confidence: Confidence | None = None
    verdict: str = ""
    searched: str = ""
    hint: str = ""


def gallery_component() -> gr.HTML:
    """The gallery. It fetches its pictures from the plain routes and has no events of its own."""
    return gr.HTML(
        value=None,
        html_template='<section class="gallery" aria-label="Similar lesions"></section>',
        css_template=(HERE / "gallery.css").read_text(encoding="utf-8"),
        js_on_load=(HERE / "gallery.js").read_text(encoding="utf-8"),
        apply_default_css=False,
        elem_id="gallery",
    )


def gallery_of(visit: Visit) -> GalleryState:
    """The hits of the selected region, or a word on how to get some."""
    session = visit.session
    revision = visit.next_revision()
    if session.study is None:
        return GalleryState(revision=revision)
    region = session.selected
    if region is None:
        return GalleryState(revision=revision, study_key=visit.study_key)
    found = session.search_of(region.region_id)
    if found is None:
        hint = f"Ask about {region.region_id} and the most similar lesions of the atlas appear here."
        return GalleryState(revision=revision, study_key=visit.study_key, region_id=region.region_id, hint=hint)
    return GalleryState(
        revision=revision,
        study_key=visit.study_key,
        region_id=region.region_id,
        hits=found.hits,
        votes=() if found.confidence == "none" else found.votes[:SHOWN_VOTES],
        confidence=found.confidence,
        verdict=CONFIDENCE[found.confidence],
        searched=_searched(found.candidates, found.atlas_size, found.filters),
    )


def _searched(candidates: int, atlas_size: int, filters: FilterFacts) -> str:
    said = [*filters.lesion_types]
    if filters.sex:
        said.append({"F": "women", "M": "men"}.get(filters.sex, filters.sex))
    said += _bounds(filters.min_age, filters.max_age, "years")
    said += _bounds(filters.min_size_mm, filters.max_size_mm, "mm")
    said.append(
        {"cross-patient": "other patients", "same-patient": "this patient", "all": "all patients"}[filters.scope]
    )
    return f"{candidates} of {atlas_size} atlas lesions compared: {', '.join(said)}"


def _bounds(low: float | None, high: float | None, unit: str) -> list[str]:
    if low is not None and high is not None:
        return [f"{low:g} to {high:g} {unit}"]
    if low is not None:
        return [f"at least {low:g} {unit}"]
    return [f"at most {high:g} {unit}"] if high is not None else []
