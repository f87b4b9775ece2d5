"""The gallery: hits of the searched region with their votes; choosing one opens the comparison."""

from pathlib import Path

import gradio as gr
from pydantic import BaseModel

from assistant.phrases import filter_phrases, likeness, percent, person, size
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


class HitView(BaseModel):
    """One hit in words."""

    lesion_id: str
    lesion_type: str
    likeness: str
    size: str
    person: str


class VoteView(BaseModel):
    """One bar of the chart: its length 0..1, and the share in words."""

    lesion_type: str
    probability: float
    share: str


class GalleryState(BaseModel):
    """Everything the gallery shows. `revision` grows; an older state that arrives late is dropped."""

    revision: int
    study_key: str = ""
    region_id: str | None = None
    hits: tuple[HitView, ...] = ()
    votes: tuple[VoteView, ...] = ()
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
        hits=tuple(_hit(hit) for hit in found.hits),
        votes=() if found.confidence == "none" else tuple(_vote(vote) for vote in found.votes[:SHOWN_VOTES]),
        confidence=found.confidence,
        verdict=CONFIDENCE[found.confidence],
        searched=_searched(found.candidates, found.atlas_size, found.filters),
    )


def _hit(hit: HitFacts) -> HitView:
    return HitView(
        lesion_id=hit.lesion_id,
        lesion_type=hit.lesion_type or "type not recorded",
        likeness=likeness(hit.similarity),
        size=size(hit.long_axis_mm),
        person=person(hit.sex, hit.age_years),
    )


def _vote(vote: VoteFacts) -> VoteView:
    return VoteView(lesion_type=vote.lesion_type, probability=vote.probability, share=percent(vote.probability))


def _searched(candidates: int, atlas_size: int, filters: FilterFacts) -> str:
    said = filter_phrases(filters) or ["from other patients"]
    return f"Compared with {candidates} of {atlas_size} atlas lesions: {', '.join(said)}."
