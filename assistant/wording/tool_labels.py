"""One line on the screen for each tool call: while it runs, and when it is done."""

from typing import Any

from assistant.wording.phrases import counted, filter_phrases, likeness, number, size
from tools.domain.facts import (
    AtlasFacts,
    ComparisonFacts,
    Facts,
    FilterFacts,
    LesionFacts,
    LessonFacts,
    RegionFacts,
    RegionsFound,
    ReportFacts,
    SearchFacts,
    StudyFacts,
)

STARTED = {
    "describe_study": "Reading the study's facts",
    "find_regions": "Looking for places worth a look",
    "measure_region": "Measuring {region_id}",
    "search_similar_lesions": "Searching lesions like {region_id}",
    "describe_lesion": "Looking up {lesion_id}",
    "compare_lesion": "Comparing {region_id} with {lesion_id}",
    "describe_atlas": "Counting the atlas",
    "explain_lesion_type": "Opening the lesson on {lesion_type}",
    "write_report": "Writing the report",
}


class _Ellipses(dict[str, Any]):
    """Give an ellipsis for an argument a model left out."""

    def __missing__(self, key: str) -> str:
        return "…"


def started(name: str, args: dict[str, Any]) -> str:
    """Say what a tool is about to do."""
    title = STARTED.get(name, name.replace("_", " ")).format_map(_Ellipses({k: str(v)[:60] for k, v in args.items()}))
    if name == "search_similar_lesions":
        said = _filters(args)
        title += f": {', '.join(said)}" if said else ""
    return title


def _filters(args: dict[str, Any]) -> list[str]:
    """Put the filters among a call's arguments in words; nothing where they are malformed."""
    try:
        return filter_phrases(
            FilterFacts(**{k: v for k, v in args.items() if k in FilterFacts.model_fields and v is not None})
        )
    except (ValueError, TypeError, KeyError):
        return []  # a model's odd arguments: the tool itself will say what is wrong with them


def finished(facts: Facts) -> str:
    """Say what a tool did."""
    match facts:
        case SearchFacts():
            said = filter_phrases(facts.filters)
            what = f", {', '.join(said)}" if said else ""
            return (
                f"Searched {counted(facts.atlas_size, 'lesion')} for {facts.region_id}{what}: "
                f"{counted(len(facts.hits), 'hit')}"
            )
        case RegionsFound():
            return f"Suggested {counted(len(facts.regions), 'region')}"
        case RegionFacts():
            return (
                f"Measured {facts.region_id}: {size(facts.long_axis_mm, facts.short_axis_mm) or 'no scale'}, "
                f"{number(facts.mean_hu)} {facts.units}"
            )
        case StudyFacts():
            return f"Read the study: {facts.facts.modality}, {counted(facts.facts.slices, 'slice')}"
        case LesionFacts():
            return f"Looked up {facts.lesion_id}"
        case ComparisonFacts():
            return (
                f"Compared {facts.region.region_id} with {facts.lesion.lesion_id}: similarity "
                f"{likeness(facts.similarity)}"
            )
        case AtlasFacts():
            return f"Counted {counted(facts.total, 'lesion')} by {facts.group_by.replace('_', ' ')}"
        case LessonFacts():
            return f"Opened the lesson on {facts.lesion_type}"
        case ReportFacts():
            return f"Wrote {facts.file_name}"
    return "Done"
