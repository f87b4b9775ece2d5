"""The tools the assistant calls. Names and arguments are a contract; the docstrings are what a model reads.

Every tool gets the user's workspace from the runtime, which the model never sees, and returns typed facts: their
compact JSON as the message a model reads, the object itself as the artifact that grounding and the screen use.
"""

from typing import Annotated, Literal, TypeVar

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool
from pydantic import Field

from tools.domain import lessons
from tools.domain.facts import (
    AtlasFacts,
    ComparisonFacts,
    Facts,
    ImageFacts,
    LesionFacts,
    LessonFacts,
    RegionFacts,
    RegionsFound,
    ReportFacts,
    SearchFacts,
    SeriesSelected,
    StudyFacts,
)
from tools.domain.lesions import Filters, Millimetres, Scope, Sex, Years
from tools.regions.body_region_classifier import with_body_part_seen
from tools.regions.create import find_regions as propose_regions
from tools.report import write as report
from tools.settings import get_settings
from tools.workspace.compare import compare_with_lesion, others_of_patient
from tools.workspace.search import atlas_name, is_synthetic, search_region
from tools.workspace.session import SessionError, Workspace

RegionId = Annotated[str, Field(pattern=r"^[Rr]\d{1,4}$", description="a region of this session, e.g. R1")]
LesionId = Annotated[str, Field(min_length=1, max_length=200, description="an atlas lesion id, exactly as listed")]
SETTINGS = get_settings()  # a model reads default and limit in the schema
Hits = Annotated[int, Field(ge=1, le=SETTINGS.max_hits)]
F = TypeVar("F", bound=Facts)
GroupBy = Literal["lesion_type", "sex", "body_part", "source"]


@tool(response_format="content_and_artifact")
def describe_study(runtime: ToolRuntime[Workspace]) -> tuple[str, StudyFacts]:
    """Facts about the study on the screen: modality, body part, number of slices, spacing, thickness, sex, age, plane,
    kernel, contrast, phase, lossy compression, and the other series of the upload. No date is ever kept.
    """
    session = runtime.context.session
    series = session.series
    assert session.study is not None  # session.series would have raised
    return _told(StudyFacts.of(session.study, series, with_body_part_seen(series)))


@tool(response_format="content_and_artifact")
def select_series(
    runtime: ToolRuntime[Workspace],
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
    runtime: ToolRuntime[Workspace],
    image_number: Annotated[int | None, Field(ge=0, le=10**9)] = None,
    slice: Annotated[int | None, Field(ge=1, le=10**6)] = None,
) -> tuple[str, ImageFacts]:
    """Which slice of the series on the screen is this image number of the file, or which number has this slice.

    Image numbers are what the PACS and other viewers show; slices count from 1. Give one of the two. The viewer goes
    to that slice.
    """
    session = runtime.context.session
    series = session.series
    slices = int(series.volume_hu.shape[0])
    if image_number is not None:
        slice = session.slice_of_image(image_number) + 1
    if slice is None or slice > slices:
        raise SessionError(f"This series has slices 1 to {slices}: give one of them, or an image number.")
    session.show_slice(slice - 1)
    return _told(ImageFacts(image_number=series.image_number(slice - 1), slice=slice, slices=slices))


@tool(response_format="content_and_artifact")
def find_regions(
    runtime: ToolRuntime[Workspace],
    max_regions: Annotated[int, Field(ge=1, le=20)] = 5,
) -> tuple[str, RegionsFound]:
    """Suggest places in the study worth a look, best first, when the person has pointed at none.

    They are suggestions of a program, not findings.
    """
    session = runtime.context.session
    series = session.series
    kept = session.add_suggestions(propose_regions(series, max_regions=max_regions))
    return _told(RegionsFound(regions=tuple(RegionFacts.of(region, series) for region in kept)))


@tool(response_format="content_and_artifact")
def measure_region(runtime: ToolRuntime[Workspace], region_id: RegionId) -> tuple[str, RegionFacts]:
    """Measure one region: long and short axis in mm, area, mean, standard deviation, minimum and maximum HU."""
    session = runtime.context.session
    return _told(RegionFacts.of(session.select(region_id), session.series))


@tool(response_format="content_and_artifact")
def search_similar_lesions(
    runtime: ToolRuntime[Workspace],
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
def describe_lesion(runtime: ToolRuntime[Workspace], lesion_id: LesionId) -> tuple[str, LesionFacts]:
    """Everything the atlas knows of one lesion: type, size, sex, age, source."""
    atlas = runtime.context.atlas
    lesion = atlas.get(lesion_id)
    return _told(LesionFacts.of(lesion, others_of_patient(atlas, lesion)))


@tool(response_format="content_and_artifact")
def compare_lesion(
    runtime: ToolRuntime[Workspace], region_id: RegionId, lesion_id: LesionId
) -> tuple[str, ComparisonFacts]:
    """Put a region beside one atlas lesion: similarity, differences in size and density, same patient or not."""
    facts = compare_with_lesion(runtime.context, region_id, lesion_id)
    runtime.context.session.select(region_id)
    return _told(facts)


@tool(response_format="content_and_artifact")
def describe_atlas(runtime: ToolRuntime[Workspace], group_by: GroupBy = "lesion_type") -> tuple[str, AtlasFacts]:
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
    runtime: ToolRuntime[Workspace],
    lesion_type: Annotated[str, Field(min_length=1, max_length=60)],
) -> tuple[str, LessonFacts]:
    """A short teaching text about one lesion type, with its sources."""
    lesson = lessons.lesson(lesion_type)
    return _told(LessonFacts(lesion_type=lesson.lesion_type, text=lesson.text, sources=lesson.sources))


@tool(response_format="content_and_artifact")
def write_report(
    runtime: ToolRuntime[Workspace],
    format: Literal["html", "json", "dicom-sr"] = "html",
) -> tuple[str, ReportFacts]:
    """Write a report of the regions and searches of this session as html, json or dicom-sr."""
    return _told(report.report_session(runtime.context, format))


TOOLS: tuple[BaseTool, ...] = (
    describe_study,
    select_series,
    find_image,
    find_regions,
    measure_region,
    search_similar_lesions,
    describe_lesion,
    compare_lesion,
    describe_atlas,
    explain_lesion_type,
    write_report,
)


def _told(facts: F) -> tuple[str, F]:
    return facts.model_dump_json(exclude_none=True), facts
