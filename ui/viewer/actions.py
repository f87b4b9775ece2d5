"""What the viewer may ask for (`Action`), checked field by field, and the doing of it."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError

from encoder.errors import LesionSearchError
from tools.domain.free_text import MAX_NOTE_CHARACTERS
from tools.domain.region import OUTLINE_WORDS, PixelBox, Region, RegionError
from tools.domain.study import Series
from tools.domain.view import Looked
from tools.workspace import cases
from tools.workspace.session import MAX_NAME_LENGTH
from ui.state.visit import Visit
from ui.viewer.viewer import Notice, measured

Confirmation = Literal["pathology", "follow-up", "opinion"]
Difficulty = Literal["easy", "medium", "hard"]
MAX_OUTLINE = 400  # points of an outline drawn by hand


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


class DrawOutline(_Action):
    """Make a region of an outline drawn by hand: columns and rows, where pixel i covers i to i+1."""

    kind: Literal["outline"]
    slice_index: Annotated[int, Field(ge=0)]
    points: Annotated[tuple[tuple[FiniteFloat, FiniteFloat], ...], Field(min_length=3, max_length=MAX_OUTLINE)]


class Annotate(_Action):
    """Keep a length between two points, or the angle at the middle one of three."""

    kind: Literal["annotate"]
    slice_index: Annotated[int, Field(ge=0)]
    points: Annotated[tuple[tuple[FiniteFloat, FiniteFloat], ...], Field(min_length=2, max_length=3)]


class AnnotationAction(_Action):
    """Name a length or an angle, or delete it; longer names are cut."""

    kind: Literal["name_annotation", "remove_annotation"]
    annotation_id: Annotated[str, Field(max_length=8)]
    name: Annotated[str, Field(max_length=4 * MAX_NAME_LENGTH)] = ""


class RegionAction(_Action):
    """Choose a region, keep a suggestion, or delete either."""

    kind: Literal["select", "accept", "remove"]
    region_id: Annotated[str, Field(max_length=8)]


class SaveCase(_Action):
    """Save a region among the own cases; the note is for people alone."""

    kind: Literal["save_case"]
    region_id: Annotated[str, Field(max_length=8)]
    lesion_type: Annotated[str, Field(max_length=200)]
    confirmed_by: Confirmation | None = None
    difficulty: Difficulty | None = None
    note: Annotated[str, Field(max_length=2 * MAX_NOTE_CHARACTERS)] = ""


class EditCase(_Action):
    """Change all that is recorded of an own case, and its note; what is empty is deleted."""

    kind: Literal["edit_case"]
    lesion_id: Annotated[str, Field(max_length=200)]
    lesion_type: Annotated[str, Field(max_length=200)]
    confirmed_by: Confirmation | None
    difficulty: Difficulty | None
    note: Annotated[str, Field(max_length=2 * MAX_NOTE_CHARACTERS)]


class DeleteCase(_Action):
    """Delete an own case, which can be undone."""

    kind: Literal["delete_case"]
    lesion_id: Annotated[str, Field(max_length=200)]


class ChooseSeries(_Action):
    """Show another series of the study."""

    kind: Literal["series"]
    index: Annotated[int, Field(ge=0)]


class Look(_Action):
    """Note which slice is looked at, the point (x, y) on it that was pointed at last, and the revision that is
    on the screen."""

    kind: Literal["look"]
    slice_index: Annotated[int, Field(ge=0)]
    point: tuple[FiniteFloat, FiniteFloat] | None = None
    shown: Annotated[int, Field(ge=0)]


Action = Annotated[
    Look
    | Click
    | Box
    | DrawOutline
    | Annotate
    | AnnotationAction
    | Resize
    | Rename
    | RegionAction
    | ChooseSeries
    | SaveCase
    | EditCase
    | DeleteCase,
    Field(discriminator="kind"),
]
_ACTIONS: TypeAdapter[Action] = TypeAdapter(Action)


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
    if isinstance(action, SaveCase | EditCase | DeleteCase):
        return _own_case(visit, action)
    if isinstance(action, ChooseSeries):
        study = session.study
        if study is None or action.index >= len(study.series):
            raise RegionError("This study has no such series: choose one of the listed series.")
        session.choose_series(study.series[action.index].series_key)
        return None
    if isinstance(action, Look):
        visit.shown = action.shown
        _check_slice(session.series, action.slice_index)
        session.looked = Looked(action.slice_index, action.point)
        return None
    if isinstance(action, Click):
        _check_slice(session.series, action.slice_index)
        said = _said(session.add_click(action.slice_index, action.x, action.y))
        session.looked = Looked(action.slice_index, (action.x, action.y))
        return said
    if isinstance(action, Box):
        _check_slice(session.series, action.slice_index)
        return _said(session.add_box(action.slice_index, _box_in(session.series, action.box)))
    if isinstance(action, DrawOutline):
        _check_slice(session.series, action.slice_index)
        return _said(session.add_outline(action.slice_index, action.points))
    if isinstance(action, Annotate):
        _check_slice(session.series, action.slice_index)
        session.annotate(action.slice_index, action.points)
        return None
    if isinstance(action, AnnotationAction):
        if action.kind == "name_annotation":
            session.name_annotation(action.annotation_id, " ".join(action.name.split())[:MAX_NAME_LENGTH])
            return None
        session.remove_annotation(action.annotation_id)
        return Notice(text=f"{action.annotation_id} deleted.")
    if isinstance(action, Resize):
        return _said(session.resize(action.region_id, _box_in(session.series, action.box)))
    if isinstance(action, Rename):
        session.rename(action.region_id, action.name)
    elif action.kind == "select":
        session.select(action.region_id)
    elif action.kind == "accept":
        session.accept(action.region_id)
    else:
        session.remove(action.region_id)
        return Notice(text=f"{action.region_id} deleted.")
    return None


def _own_case(visit: Visit, action: SaveCase | EditCase | DeleteCase) -> Notice:
    if isinstance(action, SaveCase):
        changed = cases.save_region(
            visit.workspace,
            action.region_id,
            action.lesion_type,
            action.confirmed_by,
            action.difficulty,
            action.note,
        )
    elif isinstance(action, EditCase):
        changed = cases.rewrite_case(
            visit.workspace,
            action.lesion_id,
            action.lesion_type,
            action.confirmed_by,
            action.difficulty,
            action.note,
        )
    else:
        changed = cases.delete_case(visit.workspace, action.lesion_id)
    return Notice(text=changed.statement, undo=True)


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
