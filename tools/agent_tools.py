"""The tools the assistant calls. Names and arguments are a contract; the docstrings are what a model reads.

Every tool gets the user's workspace from the runtime, which the model never sees, and returns typed facts: their
compact JSON as the message a model reads, the object itself as the artifact that grounding and the screen use.
"""

from typing import Annotated, Literal, TypeVar

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool
from pydantic import Field, GetCoreSchemaHandler
from pydantic_core.core_schema import CoreSchema, any_schema

from encoder.names import MAX_NAME_CHARACTERS
from tools.domain import lessons
from tools.domain.body_regions import is_head
from tools.domain.facts import (
    AtlasFacts,
    CaseChanged,
    CasesFacts,
    ComparisonFacts,
    Facts,
    ImageFacts,
    LesionFacts,
    LessonFacts,
    RegionFacts,
    RegionRemoved,
    RegionsFound,
    ReportFacts,
    ReportFormat,
    SearchFacts,
    SeriesSelected,
    Stated,
    StudyFacts,
)
from tools.domain.lesions import Filters, Millimetres, Scope, Sex, Years
from tools.domain.planes import PlaneName
from tools.domain.quiz import CASES, MAX_CASES, Level
from tools.domain.view import Looked, Overlay, ViewChange, WindowStep, Zoom
from tools.domain.windows import DISPLAY_WINDOWS, Window
from tools.regions.body_region_classifier import with_body_part_seen
from tools.regions.create import find_regions as propose_regions
from tools.regions.lesion_detector import how_often_right
from tools.regions.spatial import densities_inside, density_at, distance_between
from tools.regions.volume import volume_words
from tools.report import write as report
from tools.settings import get_settings
from tools.workspace import cases, quiz
from tools.workspace.compare import compare_with_lesion, others_of_patient
from tools.workspace.panes import panes_beside
from tools.workspace.search import atlas_name, is_synthetic, search_region
from tools.workspace.session import MAX_NAME_LENGTH, SessionError, Workspace
from tools.workspace.undo import bring_back, bring_back_region
from tools.workspace.volumes import measure_volume as grow_volume

RegionId = Annotated[str, Field(pattern=r"^[Rr]\d{1,4}$", description="a region of this session, e.g. R1")]
LesionId = Annotated[str, Field(min_length=1, max_length=200, description="an atlas lesion id, exactly as listed")]
SETTINGS = get_settings()  # a model reads default and limit in the schema
Hits = Annotated[int, Field(ge=1, le=SETTINGS.max_hits)]
F = TypeVar("F", bound=Facts)
WindowName = Literal["soft tissue", "lung", "liver", "bone", "brain"]
NOT_IN_THE_HEAD = (
    "On CT of the head no places are suggested: what suggests them has learnt from CT of neck to pelvis and of limbs "
    "only. Click the lesion or draw a box around it."
)
GroupBy = Literal["lesion_type", "sex", "body_part", "source"]
CaseType = Annotated[str, Field(min_length=1, max_length=MAX_NAME_CHARACTERS, description="in the person's words")]
Confirmation = Literal["pathology", "follow-up", "opinion"]
Difficulty = Literal["easy", "medium", "hard"]


class Runtime(ToolRuntime[Workspace]):
    """What a tool gets from the graph and no model sees: taken as it is, for building its schema took a second."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type, handler: GetCoreSchemaHandler) -> CoreSchema:
        return any_schema()


@tool(response_format="content_and_artifact")
def describe_study(runtime: Runtime) -> tuple[str, StudyFacts]:
    """Facts about the study on the screen: modality, body part, number of slices, spacing, thickness, sex, age, plane,
    kernel, contrast, phase, lossy compression, and the other series of the upload. No date is ever kept.
    """
    session = runtime.context.session
    series = session.series
    assert session.study is not None  # session.series would have raised
    return _told(StudyFacts.of(session.study, series, with_body_part_seen(series)))


@tool(response_format="content_and_artifact")
def select_series(
    runtime: Runtime,
    series: Annotated[int, Field(ge=1, le=10_000, description="its number in describe_study, 1 is the first")],
) -> tuple[str, SeriesSelected]:
    """Bring another series of the upload to the screen, e.g. the prior or the coronal one; each keeps its regions."""
    session = runtime.context.session
    chosen = session.choose_series_number(series)
    assert session.study is not None
    regions = tuple(RegionFacts.of(region, chosen) for region in session.regions())
    return _told(
        SeriesSelected(**dict(StudyFacts.of(session.study, chosen, with_body_part_seen(chosen))), regions=regions)
    )


@tool(response_format="content_and_artifact")
def find_image(
    runtime: Runtime,
    image_number: Annotated[int | None, Field(ge=0, le=10**9)] = None,
    slice: Annotated[int | None, Field(ge=1, le=10**6)] = None,
) -> tuple[str, ImageFacts]:
    """Which slice of the series on the screen is this image number of the file, or which number has this slice.

    Image numbers are what the PACS and other viewers show; slices count from 1. Give one of the two, and the viewer
    goes to that slice; with neither it is the one on the screen.
    """
    session = runtime.context.session
    series = session.series
    slices = int(series.volume_hu.shape[0])
    if image_number is None and slice is None and session.looked is not None:
        slice = session.looked.slice_index + 1
    if image_number is not None:
        slice = session.slice_of_image(image_number) + 1
    if slice is None or slice > slices:
        raise SessionError(f"This series has slices 1 to {slices}: give one of them, or an image number.")
    session.show_slice(slice - 1)
    return _told(ImageFacts(image_number=series.image_number(slice - 1), slice=slice, slices=slices))


@tool(response_format="content_and_artifact")
def set_view(
    runtime: Runtime,
    slice: Annotated[int | None, Field(ge=1, le=10**6)] = None,
    slices_on: Annotated[int, Field(ge=-(10**6), le=10**6, description="from the slice looked at; back: below 0")] = 0,
    window: WindowName | None = None,
    width_hu: Annotated[float | None, Field(ge=1, le=8000)] = None,
    level_hu: Annotated[float | None, Field(ge=-2000, le=4000)] = None,
    window_step: WindowStep | None = None,
    zoom: Zoom | None = None,
    zoom_on: RegionId | None = None,
    show: list[Overlay] | None = None,
    hide: list[Overlay] | None = None,
    planes: list[PlaneName] | None = None,
    beside: Annotated[str | None, Field(pattern=r"^([1-9]\d{0,3}|study)$")] = None,
    save_picture: bool = False,
) -> tuple[str, Stated]:
    """Change how the viewer shows the series: slice, display window, zoom, outlines, labels and rulers.

    A window has a name, or width and level in HU, or changes by a step. `planes` puts other planes of the volume
    beside the picture, an empty list none; `beside` puts a series there, by its number in describe_study, or the other
    open `study`. `save_picture` saves the view as a PNG. Changes no region, no measurement.
    """
    session = runtime.context.session
    slices = int(session.series.volume_hu.shape[0])
    if slice is not None and slice > slices:
        raise SessionError(f"There is no slice {slice}: this series has slices 1 to {slices}.")
    if (width_hu is None) != (level_hu is None):
        raise SessionError("A display window has a width and a level in HU: give both, e.g. W 400 L 40.")
    chosen = DISPLAY_WINDOWS[window.capitalize()] if window else None
    if width_hu is not None and level_hu is not None:
        chosen = Window(width_hu, level_hu)
    if zoom_on is not None:
        session.select(zoom_on)  # which brings its slice to the screen
    if slice is not None:
        session.show_slice(slice - 1)
    if session.looked is not None and slices_on:
        slices_on = _within(session.looked, slices_on, slices)
    panes, told = panes_beside(session, planes, beside)
    change = ViewChange(
        slice, slices_on, chosen, window_step, zoom, zoom_on or "", panes, save_picture,
        tuple(show or ()), tuple(hide or ()),
    )  # fmt: skip
    session.change_view(change)
    return _told(Stated(statement=" ".join([*change.words(slices), *told]) or "Nothing was to change in the viewer."))


@tool(response_format="content_and_artifact")
def remove_region(runtime: Runtime, region_id: RegionId) -> tuple[str, RegionRemoved]:
    """Delete one region, or dismiss a suggested one, only where the person asked for it."""
    session = runtime.context.session
    region = session.region(region_id)
    session.remove(region.region_id)
    gone = "dismissed" if region.origin == "suggested" else "deleted"
    return _told(RegionRemoved(region_id=region.region_id, statement=f"{region.region_id} is {gone}."))


@tool(response_format="content_and_artifact")
def accept_region(runtime: Runtime, region_id: RegionId) -> tuple[str, Stated]:
    """Accept a suggested region as the person's own, only where they asked for it."""
    session = runtime.context.session
    region = session.region(region_id)
    if region.origin != "suggested":
        return _told(Stated(statement=f"{region.region_id} is your own region already."))
    session.accept(region.region_id)
    return _told(Stated(statement=f"{region.region_id} is accepted as your own region."))


@tool(response_format="content_and_artifact")
def measure_distance(runtime: Runtime, region_id: RegionId, other_region_id: RegionId) -> tuple[str, Stated]:
    """Measure the distance in mm between the centres of two regions, across slices too."""
    session = runtime.context.session
    a, b = session.region(region_id), session.region(other_region_id)
    return _told(Stated(statement=distance_between(session.series, a, b)))


@tool(response_format="content_and_artifact")
def describe_densities(runtime: Runtime, region_id: RegionId) -> tuple[str, Stated]:
    """How the densities inside a region are spread: a histogram in words."""
    session = runtime.context.session
    return _told(Stated(statement=densities_inside(session.series, session.region(region_id))))


@tool(response_format="content_and_artifact")
def measure_volume(runtime: Runtime, region_id: RegionId) -> tuple[str, Stated]:
    """Measure the volume of a region over the slices: its outline is followed from slice to slice and shown."""
    session = runtime.context.session
    return _told(Stated(statement=volume_words(session.series, grow_volume(session, region_id))))


@tool(response_format="content_and_artifact")
def read_density(
    runtime: Runtime,
    column: Annotated[int | None, Field(ge=0, le=10**5)] = None,
    row: Annotated[int | None, Field(ge=0, le=10**5)] = None,
    slice: Annotated[int | None, Field(ge=1, le=10**6)] = None,
) -> tuple[str, Stated]:
    """Read the density of one pixel, by column and row as the viewer counts them; of the point looked at without."""
    session = runtime.context.session
    series, looked = session.series, session.looked
    if (column is None) != (row is None):
        raise SessionError("A point has a column and a row: give both, e.g. column 120, row 96.")
    if slice is None and looked is None:
        raise SessionError("The viewer has not said which slice it shows: name the slice too.")
    slice_index = slice - 1 if slice is not None else looked.slice_index  # type: ignore[union-attr]
    if column is None or row is None:
        if looked is None or looked.point is None or looked.slice_index != slice_index:
            raise SessionError(
                "No point is marked on this slice: move the cross-hair (Shift and arrow keys), or give column and row."
            )
        column, row = int(looked.point[0]), int(looked.point[1])
    return _told(Stated(statement=density_at(series, slice_index, column, row)))


@tool(response_format="content_and_artifact")
def rename_region(
    runtime: Runtime,
    region_id: RegionId,
    name: Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH, description="exactly as the person said it")],
) -> tuple[str, Stated]:
    """Name a region, only where the person asked for it."""
    region = runtime.context.session.rename(region_id, name)
    return _told(Stated(statement=f"{region.region_id} is named “{region.name}” now."))


@tool(response_format="content_and_artifact")
def undo_change(runtime: Runtime, region_id: RegionId | None = None) -> tuple[str, Stated]:
    """Bring back what was deleted or outlined anew last, or the region that is named."""
    session = runtime.context.session
    return _told(Stated(statement=bring_back(session) if region_id is None else bring_back_region(session, region_id)))


@tool(response_format="content_and_artifact")
def find_regions(
    runtime: Runtime,
    max_regions: Annotated[int, Field(ge=1, le=20)] = 5,
) -> tuple[str, RegionsFound]:
    """Suggest places in the study worth a look, best first, when the person has pointed at none.

    They are suggestions of a program, not findings.
    """
    session = runtime.context.session
    series = session.series
    facts = with_body_part_seen(series)
    if is_head(facts.body_part or facts.body_part_seen):
        raise SessionError(NOT_IN_THE_HEAD)
    kept = session.add_suggestions(propose_regions(series, max_regions=max_regions))
    fewer = "No other place looks enough like a lesion to be suggested. " if 0 < len(kept) < max_regions else ""
    note = f"{fewer}{how_often_right()}" if kept else ""
    return _told(RegionsFound(regions=tuple(RegionFacts.of(region, series) for region in kept), note=note))


@tool(response_format="content_and_artifact")
def measure_region(runtime: Runtime, region_id: RegionId) -> tuple[str, RegionFacts]:
    """Measure one region: long and short axis in mm, area, mean, standard deviation, minimum and maximum HU."""
    session = runtime.context.session
    return _told(RegionFacts.of(session.select(region_id), session.series))


@tool(response_format="content_and_artifact")
def search_similar_lesions(
    runtime: Runtime,
    region_id: RegionId,
    k: Hits = SETTINGS.hits,
    lesion_types: list[str] | None = None,
    sex: Sex | None = None,
    min_age: Years | None = None,
    max_age: Years | None = None,
    min_size_mm: Millimetres | None = None,
    max_size_mm: Millimetres | None = None,
    scope: Scope = "cross-patient",
) -> tuple[str, SearchFacts]:
    """Find the atlas lesions that look most like a region, with votes on its type and how sure they are.

    Use a filter only if the person asked for it. Sizes are the long axis; all bounds are inclusive.
    scope: cross-patient leaves out this patient, same-patient keeps only this patient, all keeps everybody.
    """
    filters = Filters(
        lesion_types=tuple(lesion_types or ()),
        sex=sex,
        min_age=min_age,
        max_age=max_age,
        min_size_mm=min_size_mm,
        max_size_mm=max_size_mm,
        scope=scope,
    )
    return _told(search_region(runtime.context, region_id, k, filters))


@tool(response_format="content_and_artifact")
def describe_lesion(runtime: Runtime, lesion_id: LesionId) -> tuple[str, LesionFacts]:
    """Everything the atlas knows of one lesion: type, size, sex, age, source."""
    atlas = runtime.context.atlas
    if runtime.context.session.quiz is not None:
        runtime.context.session.quiz.check_told()
    lesion = atlas.get(lesion_id)
    return _told(LesionFacts.of(lesion, others_of_patient(atlas, lesion)))


@tool(response_format="content_and_artifact")
def compare_lesion(runtime: Runtime, region_id: RegionId, lesion_id: LesionId) -> tuple[str, ComparisonFacts]:
    """Put a region beside one atlas lesion: similarity, differences in size and density, same patient or not."""
    facts = compare_with_lesion(runtime.context, region_id, lesion_id)
    runtime.context.session.select(region_id)
    return _told(facts)


@tool(response_format="content_and_artifact")
def describe_atlas(runtime: Runtime, group_by: GroupBy = "lesion_type") -> tuple[str, AtlasFacts]:
    """How many lesions the atlas holds, counted by lesion_type, sex, body_part or source."""
    atlas = runtime.context.atlas
    counts = atlas.counts(group_by)
    return _told(
        AtlasFacts(
            name=atlas_name(atlas),
            group_by=group_by,
            counts=counts,
            total=len(atlas),
            patients=atlas.patients,
            synthetic=is_synthetic(atlas.summary()),
        )
    )


@tool(response_format="content_and_artifact")
def explain_lesion_type(
    runtime: Runtime,
    lesion_type: Annotated[str, Field(min_length=1, max_length=60)],
    level: Level = "resident",
) -> tuple[str, LessonFacts]:
    """A short teaching text about one lesion type, an attribute of lung nodules (texture, calcification, malignancy
    rating, nodule size) or a common differential such as liver cyst, with its sources.
    """
    lesson = lessons.lesson(lesion_type)
    return _told(LessonFacts(lesion_type=lesson.lesion_type, text=lesson.at(level), sources=lesson.sources))


@tool(response_format="content_and_artifact")
def write_report(
    runtime: Runtime,
    format: ReportFormat = "html",
    region_ids: list[RegionId] | None = None,
) -> tuple[str, ReportFacts]:
    """Write a report of the regions and searches of this session: html to read and print, text or markdown for a note,
    json, dicom-sr for an archive, dicom-seg for the outlines alone. Of all regions, unless some are named."""
    return _told(report.report_session(runtime.context, format, region_ids or ()))


@tool(response_format="content_and_artifact")
def save_case(
    runtime: Runtime,
    region_id: RegionId,
    lesion_type: CaseType,
    confirmed_by: Confirmation | None = None,
    difficulty: Difficulty | None = None,
) -> tuple[str, CaseChanged]:
    """Save a region among the person's own cases, only where they asked for it; searches find it from then on."""
    return _told(cases.save_region(runtime.context, region_id, lesion_type, confirmed_by, difficulty))


@tool(response_format="content_and_artifact")
def list_cases(
    runtime: Runtime,
    lesion_types: list[str] | None = None,
    confirmed_by: Confirmation | None = None,
) -> tuple[str, CasesFacts]:
    """List the person's own cases, of some types or all. Their teaching notes are for people and not in it."""
    return _told(cases.list_cases(runtime.context, tuple(lesion_types or ()), confirmed_by))


@tool(response_format="content_and_artifact")
def edit_case(
    runtime: Runtime,
    lesion_id: LesionId,
    lesion_type: CaseType | None = None,
    confirmed_by: Confirmation | None = None,
    difficulty: Difficulty | None = None,
) -> tuple[str, CaseChanged]:
    """Change what is recorded of one own case, only where the person asked for it."""
    return _told(cases.edit_case(runtime.context, lesion_id, lesion_type, confirmed_by, difficulty))


@tool(response_format="content_and_artifact")
def delete_case(runtime: Runtime, lesion_id: LesionId) -> tuple[str, CaseChanged]:
    """Delete one own case with its pictures and note, only where the person asked for it."""
    return _told(cases.delete_case(runtime.context, lesion_id))


@tool(response_format="content_and_artifact")
def start_quiz(
    runtime: Runtime,
    lesion_types: list[str] | None = None,
    cases: Annotated[int, Field(ge=1, le=MAX_CASES)] = CASES,
) -> tuple[str, Stated]:
    """Start a quiz on lesions of known type, on some types or all; its link gives a class the same cases."""
    return _told(quiz.order_quiz(runtime.context, tuple(lesion_types or ()), cases))


@tool(response_format="content_and_artifact")
def give_hint(runtime: Runtime) -> tuple[str, Stated]:
    """Give the next hint on the quiz case on the screen, only where the person asked for one."""
    return _told(Stated(statement=quiz.next_hint(runtime.context)))


@tool(response_format="content_and_artifact")
def reveal_truth(runtime: Runtime) -> tuple[str, Stated]:
    """Tell the true type of a teaching case, only where the person asked for it; a quiz case is given up by it."""
    return _told(Stated(statement=quiz.truth_of(runtime.context)))


TOOLS: tuple[BaseTool, ...] = (
    describe_study,
    select_series,
    find_image,
    set_view,
    remove_region,
    accept_region,
    measure_distance,
    describe_densities,
    measure_volume,
    read_density,
    rename_region,
    undo_change,
    find_regions,
    measure_region,
    search_similar_lesions,
    describe_lesion,
    compare_lesion,
    describe_atlas,
    explain_lesion_type,
    write_report,
    save_case,
    list_cases,
    edit_case,
    delete_case,
    start_quiz,
    give_hint,
    reveal_truth,
)


def _within(looked: Looked, slices_on: int, slices: int) -> int:
    """Go no further than the ends of the series. Raises SessionError where that is the slice on the screen."""
    steps = min(max(looked.slice_index + slices_on, 0), slices - 1) - looked.slice_index
    if not steps:
        end = "last" if slices_on > 0 else "first"
        raise SessionError(f"Slice {looked.slice_index + 1} of {slices} is on the screen, the {end} one.")
    return steps


def _told(facts: F) -> tuple[str, F]:
    return facts.model_dump_json(exclude_none=True), facts
