"""The CT viewer: what it is told (`ViewerState`), and the component itself; what it may ask for is `ui.viewer.actions`.

The picture is drawn in the browser (`js/`) from 16-bit slices of the routes in `ui.server.routes`; regions live in the
session on the server, and every change comes back as a whole new state.
"""

from pathlib import Path
from typing import Any, Literal

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from tools.domain.annotation import Annotation, AnnotationKind
from tools.domain.lazy_volume import LazyVolume
from tools.domain.number_words import number, size, thickness, volume
from tools.domain.planes import PLANES, Cut, PlaneName, cut_of
from tools.domain.region import OUTLINE_MARKS, Outline, Region
from tools.domain.slice_gaps import SliceGapError
from tools.domain.study import SafeFacts, Series, Study
from tools.domain.study_words import age_words, lossy_words, series_words, spacing_words
from tools.domain.view import Overlay, ViewChange, WindowStep, Zoom
from tools.domain.windows import DISPLAY_WINDOWS, Window
from tools.regions.body_region_classifier import with_body_part_seen
from tools.regions.lesion_detector import how_often_right
from tools.regions.volume import RegionVolume
from tools.workspace.volumes import known_volume
from ui.browser.modules import mounting
from ui.state.quiz_view import QuizView, quiz_view
from ui.state.shelf import ShelfItem
from ui.state.visit import Visit
from ui.viewer.own_cases import OwnCasesView, own_cases_view

HERE = Path(__file__).parent

_SEX_WORDS = {"F": "woman", "M": "man", "O": "sex other"}


class Notice(BaseModel):
    """One sentence to the user, in the viewer."""

    text: str
    kind: Literal["info", "problem"] = "info"
    undo: bool = False  # something was deleted or replaced, and can be brought back


class WindowView(BaseModel):
    """A display window in HU: its width, and its level in the middle."""

    width: float
    level: float


class DisplayWindow(WindowView):
    """A window that the viewer offers by name."""

    name: str


class PlaneView(BaseModel):
    """Another plane of a series, as a pane needs it.

    `axes` are the axes of the volume (slice 0, row 1, column 2) through the plane, down and across; `flipped` those
    that run the other way.
    """

    plane: PlaneName
    axes: tuple[int, int, int]
    flipped: tuple[bool, bool, bool]
    slices: int
    rows: int
    columns: int
    row_mm: float
    column_mm: float
    letters: tuple[str, str, str, str] | None


class SeriesView(BaseModel):
    """One series, as the canvas needs it. `letters` are the patient's sides at left, right, top, bottom.

    `row_mm` and `column_mm` are the spacing of rows and columns, 1 mm where it is not `calibrated`.
    """

    label: str
    slices: int
    rows: int
    columns: int
    row_mm: float
    column_mm: float
    calibrated: bool
    units: Literal["HU", "arbitrary"]
    window: WindowView | None
    letters: tuple[str, str, str, str] | None
    positions_mm: tuple[float, ...]  # of the slices along their normal; empty where the file states none
    planes: tuple[PlaneView, ...]  # that can be shown beside the picture
    no_planes: str  # why there are none
    image_numbers: tuple[int | None, ...]  # the file's own, empty where they are those of the slices


class RegionView(BaseModel):
    """One region, as it is drawn and listed. Pixel i covers i to i+1."""

    region_id: str
    name: str
    number: int
    slice_index: int
    box: tuple[int, int, int, int]
    outline: tuple[tuple[float, float], ...]
    long_axis: tuple[float, float, float, float]
    short_axis: tuple[float, float, float, float]
    size: str
    density: str
    suggested: bool
    drawn: bool  # by hand
    outlined: Outline  # anything but "measured": the numbers are marked
    mark: str  # in words, beside the numbers; empty for a measured lesion
    volume: str = ""  # in words, once it was asked for
    volume_outlines: dict[int, tuple[tuple[float, float], ...]] = {}  # what it is of: its outline on other slices


class ViewCommand(BaseModel):
    """How an answer asked the viewer to show the series; see `ViewChange`. `at` grows with each."""

    at: int
    slices_on: int = 0
    window: WindowView | None = None
    window_step: WindowStep | None = None
    zoom: Zoom | None = None
    zoom_on: str = ""
    panes: tuple[str, ...] | None = None
    save_picture: bool = False
    show: tuple[Overlay, ...] = ()
    hide: tuple[Overlay, ...] = ()

    @classmethod
    def of(cls, asked: tuple[ViewChange, int] | None) -> "ViewCommand | None":
        if asked is None:
            return None
        change, at = asked
        return cls(
            at=at, slices_on=change.slices_on, window=_window_view(change.window), window_step=change.window_step,
            zoom=change.zoom, zoom_on=change.zoom_on.upper(), panes=change.panes,
            save_picture=change.save_picture, show=change.show, hide=change.hide,
        )  # fmt: skip


class AnnotationView(BaseModel):
    """A length or an angle, as it is drawn and listed: its points (x, y), and what it measures, in words."""

    annotation_id: str
    name: str
    number: int
    slice_index: int
    kind: AnnotationKind
    points: tuple[tuple[float, float], ...]
    size: str


class ViewerState(BaseModel):
    """Everything the viewer shows. `revision` grows; an older state that arrives late is dropped."""

    revision: int
    visit_key: str
    study_key: str = ""
    title: str = ""
    facts: str = ""
    warnings: tuple[str, ...] = ()
    series: tuple[SeriesView, ...] = ()
    series_index: int = 0
    shown_slice: int = 0  # the one to show, and when it was asked for: by an answer, or with its region
    shown_at: int = 0
    view: ViewCommand | None = None
    start_window: WindowView | None = None  # None: the one the file asks for, else the first of `windows`
    windows: tuple[DisplayWindow, ...] = ()
    regions: tuple[RegionView, ...] = ()
    selected: str | None = None
    shelf: tuple[ShelfItem, ...] = ()  # all open studies, where there are several
    annotations: tuple[AnnotationView, ...] = ()
    own: OwnCasesView | None = None  # None: nothing can be saved here
    notice: Notice | None = None
    quiz: QuizView | None = None
    ordered_quiz: dict[str, Any] | None = None  # a plan asked for in words, which the page begins


def viewer_component(samples: list[dict[str, str]], archive: bool = False) -> gr.HTML:
    """Build the viewer; `samples` are the cases on its first page, each with id and title, `archive` offers an archive.

    Events: `act` (an Action), `open` (a sample or an upload).
    """
    page = (HERE / "viewer.html").read_text(encoding="utf-8")
    return gr.HTML(
        value=None,
        html_template=page.replace("HOW_OFTEN_RIGHT", how_often_right()),
        css_template=(HERE / "viewer.css").read_text(encoding="utf-8"),
        js_on_load=mounting("viewer/js/viewer.js"),
        apply_default_css=False,
        elem_id="viewer",
        samples=samples,
        archive=archive,
    )


def state_of(visit: Visit, notice: Notice | None = None) -> ViewerState:
    """Collect what the viewer of this visit must show now."""
    session = visit.session
    study = session.study
    if study is None:
        return ViewerState(revision=visit.revision, visit_key=visit.key, notice=notice, ordered_quiz=_ordered(visit))
    series = session.series
    index = next(i for i, s in enumerate(study.series) if s.series_key == series.series_key)
    selected = session.selected
    start = visit.start_slice if index == 0 and visit.start_slice is not None else series.middle_slice
    shown, shown_at = session.shown or (start, 0)
    return ViewerState(
        revision=visit.revision,
        visit_key=visit.key,
        study_key=visit.study_key,
        title=visit.title,
        facts=facts_line(_facts_seen(visit, series)),
        warnings=(*study.skipped, *series.warnings),
        series=series_views(study),
        series_index=index,
        shown_slice=shown,
        shown_at=shown_at,
        view=ViewCommand.of(session.view),
        start_window=_window_view(visit.start_window) if index == 0 else None,
        windows=tuple(
            DisplayWindow(name=name, width=window.width_hu, level=window.level_hu)
            for name, window in DISPLAY_WINDOWS.items()
        ),
        regions=tuple(_region_view(r, series, known_volume(session, r.region_id)) for r in session.regions()),
        selected=selected.region_id if selected else None,
        annotations=tuple(_annotation_view(annotation) for annotation in session.annotations()),
        own=None if session.quiz is not None and session.quiz.hidden else own_cases_view(visit),
        notice=notice,
        quiz=quiz_view(session),
        ordered_quiz=_ordered(visit),
    )


def _ordered(visit: Visit) -> dict[str, Any] | None:
    """Give the plan of a quiz that was asked for, once the answer that says so is complete."""
    plan = visit.session.ordered_quiz
    if plan is None or (visit.turns and not visit.turns[-1].done):
        return None
    return plan.model_dump(mode="json", exclude_defaults=True)


def _facts_seen(visit: Visit, series: Series) -> SafeFacts:
    """Give a series' facts, with what its pictures look like once all are decoded: the screen waits for none."""
    volume = series.volume_hu
    if isinstance(volume, LazyVolume) and volume.loaded < len(volume):
        return series.facts
    if series.series_key not in visit.facts:
        visit.facts[series.series_key] = with_body_part_seen(series)
    return visit.facts[series.series_key]


def facts_line(facts: SafeFacts) -> str:
    """Write the facts of a series in one line: `CT chest · woman, 64 years · 40 slices, 2.5 mm thick · axial`."""
    patient = ", ".join(
        word
        for word in (
            _SEX_WORDS.get(facts.sex or "", ""),
            age_words(facts.age_years) if facts.age_years is not None else "",
        )
        if word
    )
    slices = "1 slice" if facts.slices == 1 else f"{facts.slices} slices"
    if facts.slice_thickness_mm:
        slices += f", {thickness(facts.slice_thickness_mm, facts.thickest_slice_mm)} thick"
    is_square = facts.row_spacing_mm is None or facts.row_spacing_mm == facts.column_spacing_mm
    parts = (
        " ".join(p for p in (facts.modality, facts.body_part) if p),
        f"looks like {facts.body_part_seen}" if facts.body_part_seen else "",
        patient,
        slices,
        "" if is_square else f"pixels {spacing_words(facts.row_spacing_mm or 0, facts.column_spacing_mm or 0)}",
        ", ".join(series_words(facts)),
        "" if facts.units == "HU" else "not in HU",
        lossy_words(facts) or "",
    )
    return " · ".join(part for part in parts if part)


def measured(region: Region, units: str) -> tuple[str, str]:
    """Write size and density of a region: (`23.1 × 15.4 mm`, `42 ± 11 HU`); pixels where no spacing is known, and
    `not HU` where values have another unit."""
    m = region.measurement
    if m.long_axis_mm is None or m.short_axis_mm is None:
        width, height = region.box.x1 - region.box.x0, region.box.y1 - region.box.y0
        extent = f"{width} × {height} px"
    else:
        extent = size(m.long_axis_mm, m.short_axis_mm)
    return extent, f"{round(m.mean_hu)} ± {round(m.sd_hu)} HU" if units == "HU" else "not HU"


def side_letters(affine: NDArray[np.float64] | None) -> tuple[str, str, str, str] | None:
    """Name the patient's sides at the left, right, top and bottom edge of a slice.

    `affine` (4, 4) takes (column, row, slice, 1) to mm in the patient (LPS, PS3.3 C.7.6.2.1.1); None names none.
    """
    if affine is None:
        return None
    to_right, to_bottom = (_letters(affine[:3, axis]) for axis in (0, 1))
    to_left, to_top = (_letters(-affine[:3, axis]) for axis in (0, 1))
    return to_left, to_right, to_top, to_bottom


def _letters(direction: NDArray[np.float64]) -> str:
    """Name a direction (3,): `L`, or `LP` where a plane is oblique by more than about 20 degrees."""
    unit = direction / (np.linalg.norm(direction) or 1.0)
    order = np.argsort(-np.abs(unit))
    names = ("LR", "PA", "HF")
    return "".join(names[axis][0 if unit[axis] > 0 else 1] for axis in order if abs(unit[axis]) > 0.35)


def _plane_view(cut: Cut) -> PlaneView:
    slices, rows, columns = cut.shape
    _, row_mm, column_mm = cut.spacing_mm
    return PlaneView(
        plane=cut.plane, axes=cut.axes, flipped=cut.flipped, slices=slices, rows=rows, columns=columns,
        row_mm=row_mm, column_mm=column_mm, letters=side_letters(cut.affine),
    )  # fmt: skip


def series_views(study: Study) -> tuple[SeriesView, ...]:
    """Describe all series of a study."""
    return tuple(_series_view(series, index) for index, series in enumerate(study.series))


def _series_view(series: Series, index: int) -> SeriesView:
    slices, rows, columns = series.volume_hu.shape
    facts = series.facts
    try:
        planes, no_planes = tuple(_plane_view(cut) for p in PLANES if not (cut := cut_of(series, p)).is_own), ""
    except SliceGapError as error:
        planes, no_planes = (), str(error)
    return SeriesView(
        label=" · ".join((f"Series {index + 1}: {slices} slice{'s' if slices > 1 else ''}", *series_words(facts))),
        slices=slices,
        rows=rows,
        columns=columns,
        row_mm=series.spacing_mm[1],
        column_mm=series.spacing_mm[2],
        calibrated=facts.row_spacing_mm is not None and facts.column_spacing_mm is not None,
        units=facts.units,
        window=_window_view(series.window),
        letters=side_letters(series.affine),
        positions_mm=()
        if facts.slice_gap_mm is None
        else tuple(round(float(mm), 2) for mm in series.slice_positions_mm),
        planes=planes,
        no_planes=no_planes,
        image_numbers=() if series.image_numbers == tuple(range(1, slices + 1)) else series.image_numbers,
    )


def _window_view(window: Window | None) -> WindowView | None:
    return None if window is None else WindowView(width=window.width_hu, level=window.level_hu)


def _region_view(region: Region, series: Series, grown: RegionVolume | None) -> RegionView:
    size, density = measured(region, series.facts.units)
    box = region.box
    return RegionView(
        region_id=region.region_id,
        name=region.name,
        number=int(region.region_id[1:]),
        slice_index=region.slice_index,
        box=(box.x0, box.y0, box.x1, box.y1),
        outline=tuple((round(x, 2), round(y, 2)) for x, y in region.outline_px),
        long_axis=region.measurement.long_axis_px,
        short_axis=region.measurement.short_axis_px,
        size=size,
        density=density,
        suggested=region.origin == "suggested",
        drawn=region.origin == "drawn",
        outlined=region.outline,
        mark=OUTLINE_MARKS[region.outline],
        volume=f"{volume(grown.volume_mm3)}{' (unsure)' if grown.doubts else ''}" if grown else "",
        volume_outlines={i: outline for i, outline in grown.outlines.items() if i != region.slice_index}
        if grown
        else {},
    )


def _annotation_view(annotation: Annotation) -> AnnotationView:
    if annotation.angle_deg is not None:
        extent = f"{number(annotation.angle_deg)}°"
    elif annotation.length_mm is not None:
        extent = size(annotation.length_mm)
    else:
        (x0, y0), (x1, y1) = annotation.points_px
        extent = f"{np.hypot(x1 - x0, y1 - y0):.0f} px"
    return AnnotationView(
        annotation_id=annotation.annotation_id,
        name=annotation.name,
        number=int(annotation.annotation_id[1:]),
        slice_index=annotation.slice_index,
        kind=annotation.kind,
        points=annotation.points_px,
        size=extent,
    )
