"""The gallery: hits of the searched region with their votes, the filters they were searched with, and the atlas map.

Filters are one thing said in two ways: in words, through the assistant, or with the controls. Both searches are kept
in the session, and the controls always show the filters of the search on the screen.
"""

from pathlib import Path
from typing import Annotated, Any

import gradio as gr
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assistant.wording.phrases import filter_phrases, person
from assistant.wording.search_answers import nothing_found
from encoder.errors import LesionSearchError
from tools.atlas.confidence import LIMIT_WORDS
from tools.atlas.searchable import SearchableAtlas
from tools.atlas.type_votes import NEIGHBOURS
from tools.domain.facts import HitFacts, SearchFacts, VoteFacts
from tools.domain.lesions import Confidence, Filters
from tools.domain.number_words import likeness, percent, size
from tools.settings import get_settings
from tools.workspace.search import search_region
from ui.browser.modules import mounting
from ui.state.visit import Visit

HERE = Path(__file__).parent
SHOWN_VOTES = 5

NOT_SEARCHED = "Ask what {region_id} looks like and the most similar lesions of the atlas appear here."
CHOOSE_ONE = "Choose a region and its most similar lesions of the atlas appear here."

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
    patient: str
    atlas: str = ""  # which it is from, where several were searched
    origin: str = ""  # its source, and the licence of that


class VoteView(BaseModel):
    """One bar of the chart: its length 0..1, and the share in words."""

    lesion_type: str
    probability: float
    share: str


class FilterControls(Filters):
    """What the controls hold, and what a change of them asks for."""

    k: Annotated[int, Field(ge=1, default_factory=lambda: get_settings().hits)]

    @classmethod
    def of(cls, found: SearchFacts) -> "FilterControls":
        """Read the controls off a search."""
        return cls(**found.filters.model_dump(), k=found.asked_k)

    def filters(self) -> Filters:
        """Make the search's filters of the controls."""
        return Filters(**self.model_dump(exclude={"k"}))


class SearchRequest(BaseModel):
    """The controls were changed: search this region again."""

    model_config = ConfigDict(extra="forbid")
    study: Annotated[str, Field(max_length=64)]
    region_id: Annotated[str, Field(max_length=8)]
    controls: FilterControls


class GalleryState(BaseModel):
    """Everything the gallery shows. `revision` grows; an older state that arrives late is dropped."""

    revision: int
    study_key: str = ""
    region_id: str | None = None
    controls: FilterControls | None = None
    types: tuple[str, ...] = ()  # of the atlas: what can be chosen
    default_hits: int = Field(default_factory=lambda: get_settings().hits)
    max_hits: int = Field(default_factory=lambda: get_settings().max_hits)
    problem: str = ""  # why the controls could not be followed
    calibration: tuple[str, ...] = ()  # what a vote means, in sentences
    hits: tuple[HitView, ...] = ()
    votes: tuple[VoteView, ...] = ()
    confidence: Confidence | None = None
    verdict: str = ""
    searched: str = ""
    hint: str = ""
    compared: str | None = None  # the atlas lesion that an answer puts beside the region, and when
    compared_at: int = 0


def gallery_component() -> gr.HTML:
    """Build the gallery, which fetches pictures and map from the plain routes. Event: `search` (a SearchRequest)."""
    return gr.HTML(
        value=None,
        html_template=(HERE / "gallery.html").read_text(encoding="utf-8"),
        css_template=(HERE / "gallery.css").read_text(encoding="utf-8"),
        js_on_load=mounting("gallery/js/gallery.js"),
        apply_default_css=False,
        elem_id="gallery",
    )


def search_again(visit: Visit, data: object) -> SearchFacts | str:
    """Search as the controls say, after checking every field of `data`; a sentence where that cannot be done."""
    try:
        asked = SearchRequest.model_validate(data)
    except ValidationError:
        return (
            f"These filters cannot be used: ages go from 0 to 130, sizes from 0 to 1000 mm, "
            f"hits from 1 to {get_settings().max_hits}."
        )
    if asked.study != visit.study_key:
        return "That study is no longer open: choose a case or open a file."
    try:
        return search_region(visit.workspace, asked.region_id, asked.controls.k, asked.controls.filters())
    except LesionSearchError as error:
        return str(error)


def gallery_of(visit: Visit, problem: str = "") -> GalleryState:
    """Collect the hits of the selected region, or a word on how to get some."""
    session = visit.session
    if session.study is None:
        return GalleryState(revision=visit.revision)
    region = session.selected
    if region is None:
        hint = CHOOSE_ONE if session.regions() else ""
        return GalleryState(revision=visit.revision, study_key=visit.study_key, hint=hint)
    beside = visit.compared if visit.compared and visit.compared[0] == region.region_id else None
    common: dict[str, Any] = {
        "revision": visit.revision,
        "study_key": visit.study_key,
        "region_id": region.region_id,
        "problem": problem,
        "compared": beside[1] if beside else None,
        "compared_at": beside[2] if beside else 0,
    }
    found = session.search_of(region.region_id)
    if found is None:
        return GalleryState(**common, hint=NOT_SEARCHED.format(region_id=region.region_id))
    atlas = visit.workspace.atlas
    return GalleryState(
        **common,
        hits=tuple(_hit(hit) for hit in found.hits),
        votes=() if found.confidence == "none" else tuple(_vote(vote) for vote in found.votes[:SHOWN_VOTES]),
        controls=FilterControls.of(found),
        types=atlas.types(),
        calibration=vote_sentences(atlas),
        confidence=found.confidence,
        verdict=_verdict(found),
        searched=_searched(found),
    )


def _verdict(found: SearchFacts) -> str:
    """Write how sure the search is, and what keeps it there."""
    if found.confidence_limit is None:
        return CONFIDENCE[found.confidence]
    level = "No type is named" if found.confidence == "none" else CONFIDENCE[found.confidence]
    return f"{level}: {LIMIT_WORDS[found.confidence_limit]}"


def vote_sentences(atlas: SearchableAtlas) -> tuple[str, ...]:
    """Explain in sentences what a vote is and how it was calibrated; none without a calibration."""
    fit = atlas.calibration()
    if fit is None:
        return ()
    sentences = [
        f"The {NEIGHBOURS} most similar lesions of other patients vote for their type, the more similar the more; "
        "filters change the hits and not the vote. A share is how likely the type is among lesions like those of "
        "this atlas. It says nothing about lesions the atlas does not hold.",
    ]
    if fit.accuracy is not None and fit.ece_before is not None and fit.ece_after is not None:
        sentences.append(
            f"Calibrated on {fit.queries} lesions of this atlas, each asked with its own patient left out, at "
            f"temperature {fit.vote.temperature:g}. On patients kept apart the leading type was right in "
            f"{percent(fit.accuracy)}, and its share was off by {_points(fit.ece_after)} on average (ECE); "
            f"by {_points(fit.ece_before)} before calibration."
        )
    return tuple(sentences)


def _points(error: float) -> str:
    return f"{100 * error:.1f} percentage points"


def _hit(hit: HitFacts) -> HitView:
    return HitView(
        lesion_id=hit.lesion_id,
        lesion_type=hit.lesion_type or "type not recorded",
        likeness=likeness(hit.similarity),
        size=size(hit.long_axis_mm),
        patient=person(hit.sex, hit.age_years),
        atlas=hit.atlas or "",
        origin=", ".join(word for word in (hit.source, hit.licence) if word),
    )


def _vote(vote: VoteFacts) -> VoteView:
    return VoteView(lesion_type=vote.lesion_type, probability=vote.probability, share=percent(vote.probability))


def _searched(found: SearchFacts) -> str:
    said = filter_phrases(found.filters) or ["from other patients"]
    sentence = f"Compared with {found.candidates} of {found.atlas_size} atlas lesions: {', '.join(said)}."
    return sentence if found.hits or not found.own_patient else f"{sentence} {nothing_found(found)}"
