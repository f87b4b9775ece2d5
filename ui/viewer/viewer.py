"""The CT viewer: what it is told (`ViewerState`), what it may ask for (`Action`), and the component itself.

The picture is drawn in the browser (`js/`) from 16-bit slices of the routes in `ui.server.routes`; regions live in the
session on the server, and every change comes back as a whole new state.
"""

from pathlib import Path
from typing import Annotated, Literal

import gradio as gr
import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError

from encoder.errors import LesionSearchError
from tools.domain.lazy_volume import LazyVolume
from tools.domain.number_words import size
from tools.domain.region import OUTLINE_MARKS, OUTLINE_WORDS, Outline, PixelBox, Region, RegionError
from tools.domain.study import SafeFacts, Series
from tools.domain.study_words import age_words, lossy_words, series_words, spacing_words
from tools.domain.view import Overlay, ViewChange, WindowStep, Zoom
from tools.domain.windows import DISPLAY_WINDOWS, Window
from tools.regions.body_region_classifier import with_body_part_seen
from ui.browser.modules import mounting
from ui.state.shelf import ShelfItem
from ui.state.visits import MAX_NAME_LENGTH, Visit

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
    outlined: Outline  # anything but "measured": the numbers are marked
    mark: str  # in words, beside the numbers; empty for a measured lesion


class ViewCommand(BaseModel):
    """How an answer asked the viewer to show the series; see `ViewChange`. `at` grows with each."""

    at: int
    slices_on: int = 0
    window: WindowView | None = None
    window_step: WindowStep | None = None
    zoom: Zoom | None = None
    zoom_on: str = ""
    show: tuple[Overlay, ...] = ()
    hide: tuple[Overlay, ...] = ()

    @classmethod
    def of(cls, asked: tuple[ViewChange, int] | None) -> "ViewCommand | None":
        if asked is None:
            return None
        change, at = asked
        return cls(
            at=at, slices_on=change.slices_on, window=_window_view(change.window), window_step=change.window_step,
            zoom=change.zoom, zoom_on=change.zoom_on.upper(), show=change.show, hide=change.hide,
        )  # fmt: skip


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
    notice: Notice | None = None


class _Action(BaseModel):
    """What the browser asks for, about the study it shows. Slices and series count from 0."""

    model_config = ConfigDict(extra="forbid")
    study: Annotated[str, Field(max_length=64)]


class Click(_Action):
    """Outline the lesion at a spot: column and row, where pixel i covers i to i+1."""

    kind: Literal["click"]
    slice_index: Annotated[int, Field(ge=0)]
    x: FiniteFloat
    y: FiniteFloat


class Box(_Action):
    """Make a region of a box (x0, y0, x1, y1) in pixels, drawn from any corner."""

    kind: Literal["box"]
    slice_index: Annotated[int, Field(ge=0)]
    box: tuple[int, int, int, int]


class Resize(_Action):
    """Give a region another box."""

    kind: Literal["resize"]
    region_id: Annotated[str, Field(max_length=8)]
    box: tuple[int, int, int, int]


class Rename(_Action):
    """Name a region; longer names are cut."""

    kind: Literal["rename"]
    region_id: Annotated[str, Field(max_length=8)]
    name: Annotated[str, Field(max_length=4 * MAX_NAME_LENGTH)]


class RegionAction(_Action):
    """Choose a region, keep a suggestion, or delete either."""

    kind: Literal["select", "accept", "remove"]
    region_id: Annotated[str, Field(max_length=8)]


class ChooseSeries(_Action):
    """Show another series of the study."""

    kind: Literal["series"]
    index: Annotated[int, Field(ge=0)]


Action = Annotated[
    Click | Box | Resize | Rename | RegionAction | ChooseSeries,
    Field(discriminator="kind"),
]
_ACTIONS: TypeAdapter[Action] = TypeAdapter(Action)


def viewer_component(samples: list[dict[str, str]]) -> gr.HTML:
    """Build the viewer; `samples` are the cases on its first page, each with id and title.

    Events: `act` (an Action), `open` (a sample or an upload).
    """
    return gr.HTML(
        value=None,
        html_template=(HERE / "viewer.html").read_text(encoding="utf-8"),
        css_template=(HERE / "viewer.css").read_text(encoding="utf-8"),
        js_on_load=mounting("viewer/js/viewer.js"),
        apply_default_css=False,
        elem_id="viewer",
        samples=samples,
    )


def perform(visit: Visit, data: object) -> Notice | None:
    """Do what the browser asks, after checking every field of `data`.

    Gives a sentence when there is something to say, also where it cannot be done: nothing is raised.
    """
    try:
        action = _ACTIONS.validate_python(data)
    except ValidationError:
        return Notice(
            text="The viewer sent something this server does not understand: reload the page.", kind="problem"
        )
    if action.study != visit.study_key:
        return Notice(text="That study is no longer open: choose a case or open a file.", kind="problem")
    try:
        return _perform(visit, action)
    except LesionSearchError as error:
        return Notice(text=str(error), kind="problem")


def _perform(visit: Visit, action: Action) -> Notice | None:
    session = visit.session
    if isinstance(action, ChooseSeries):
        study = session.study
        if study is None or action.index >= len(study.series):
            raise RegionError("This study has no such series: choose one of the listed series.")
        session.choose_series(study.series[action.index].series_key)
        return None
    if isinstance(action, Click):
        _check_slice(session.series, action.slice_index)
        return _said(session.add_click(action.slice_index, action.x, action.y))
    if isinstance(action, Box):
        _check_slice(session.series, action.slice_index)
        return _said(session.add_box(action.slice_index, _box_in(session.series, action.box)))
    if isinstance(action, Resize):
        return _said(session.resize(action.region_id, _box_in(session.series, action.box)))
    if isinstance(action, Rename):
        visit.rename(action.region_id, action.name)
    elif action.kind == "select":
        session.select(action.region_id)
    elif action.kind == "accept":
        session.accept(action.region_id)
    else:
        session.remove(action.region_id)
        visit.names.pop(action.region_id, None)
        return Notice(text=f"{action.region_id} deleted.")
    return None


def state_of(visit: Visit, notice: Notice | None = None) -> ViewerState:
    """Collect what the viewer of this visit must show now."""
    session = visit.session
    study = session.study
    revision = visit.next_revision()
    if study is None:
        return ViewerState(revision=revision, visit_key=visit.key, notice=notice)
    series = session.series
    index = next(i for i, s in enumerate(study.series) if s.series_key == series.series_key)
    selected = session.selected
    start = visit.start_slice if index == 0 and visit.start_slice is not None else series.middle_slice
    shown, shown_at = session.shown or (start, 0)
    return ViewerState(
        revision=revision,
        visit_key=visit.key,
        study_key=visit.study_key,
        title=visit.title,
        facts=facts_line(_facts_seen(visit, series)),
        warnings=(*study.skipped, *series.warnings),
        series=tuple(_series_view(s, i) for i, s in enumerate(study.series)),
        series_index=index,
        shown_slice=shown,
        shown_at=shown_at,
        view=ViewCommand.of(session.view),
        start_window=_window_view(visit.start_window) if index == 0 else None,
        windows=tuple(
            DisplayWindow(name=name, width=window.width_hu, level=window.level_hu)
            for name, window in DISPLAY_WINDOWS.items()
        ),
        regions=tuple(_region_view(r, series, visit.names.get(r.region_id, "")) for r in session.regions()),
        selected=selected.region_id if selected else None,
        notice=notice,
    )


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
        slices += f", {facts.slice_thickness_mm:g} mm thick"
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


def _said(region: Region) -> Notice:
    size, _ = measured(region, "HU")
    of = f" – {OUTLINE_WORDS[region.outline]}" if region.outline != "measured" else ""
    return Notice(text=f"{region.region_id} on slice {region.slice_index + 1}: {size}{of}.")


def _check_slice(series: Series, slice_index: int) -> None:
    if slice_index >= series.volume_hu.shape[0]:
        raise RegionError(f"There is no slice {slice_index + 1}: this series has {series.volume_hu.shape[0]}.")


def _box_in(series: Series, box: tuple[int, int, int, int]) -> PixelBox:
    """Cut a drawn box (x0, y0, x1, y1) to the image. Raises RegionError where less than a pixel is left."""
    rows, columns = series.volume_hu.shape[1:]
    x0, x1 = sorted((box[0], box[2]))
    y0, y1 = sorted((box[1], box[3]))
    x0, x1, y0, y1 = max(x0, 0), min(x1, columns), max(y0, 0), min(y1, rows)
    if x1 <= x0 or y1 <= y0:
        raise RegionError("That box lies outside the image: draw it around the lesion.")
    return PixelBox(x0, y0, x1, y1)


def _series_view(series: Series, index: int) -> SeriesView:
    slices, rows, columns = series.volume_hu.shape
    facts = series.facts
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
        image_numbers=() if series.image_numbers == tuple(range(1, slices + 1)) else series.image_numbers,
    )


def _window_view(window: Window | None) -> WindowView | None:
    return None if window is None else WindowView(width=window.width_hu, level=window.level_hu)


def _region_view(region: Region, series: Series, name: str) -> RegionView:
    size, density = measured(region, series.facts.units)
    box = region.box
    return RegionView(
        region_id=region.region_id,
        name=name,
        number=int(region.region_id[1:]),
        slice_index=region.slice_index,
        box=(box.x0, box.y0, box.x1, box.y1),
        outline=tuple((round(x, 2), round(y, 2)) for x, y in region.outline_px),
        long_axis=region.measurement.long_axis_px,
        short_axis=region.measurement.short_axis_px,
        size=size,
        density=density,
        suggested=region.origin == "suggested",
        outlined=region.outline,
        mark=OUTLINE_MARKS[region.outline],
    )
