"""One line on the screen for each tool call: while it runs, and when it is done."""

import re
from collections.abc import Iterable
from typing import Any

from assistant.wording.phrases import counted, filter_phrases
from tools.domain.facts import (
    AtlasFacts,
    CasesFacts,
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
    Stated,
    StudyFacts,
)
from tools.domain.lesions import Filters
from tools.domain.number_words import likeness, number, size
from tools.domain.region import OUTLINE_MARKS

_DENIES = re.compile(r"\b(?:not|no|none|cannot|unable|fail(?:s|ed)?|error|nothing|never)\b|n['’]t\b", re.IGNORECASE)

STARTED = {
    "describe_study": "Reading the study's facts",
    "select_series": "Switching to series {series}",
    "find_image": "Looking for an image of the file",
    "set_view": "Changing the view",
    "remove_region": "Deleting {region_id}",
    "accept_region": "Accepting {region_id}",
    "measure_distance": "Measuring from {region_id} to {other_region_id}",
    "describe_densities": "Reading the densities of {region_id}",
    "measure_volume": "Following {region_id} through the slices",
    "read_density": "Reading a density",
    "rename_region": "Naming {region_id}",
    "undo_change": "Undoing the last change",
    "find_regions": "Looking for places worth a look",
    "measure_region": "Measuring {region_id}",
    "search_similar_lesions": "Searching lesions like {region_id}",
    "describe_lesion": "Looking up {lesion_id}",
    "compare_lesion": "Comparing {region_id} with {lesion_id}",
    "describe_atlas": "Counting the atlas",
    "explain_lesion_type": "Opening the lesson on {lesion_type}",
    "write_report": "Writing the report",
    "save_case": "Saving {region_id} as {lesion_type}",
    "list_cases": "Listing your own cases",
    "edit_case": "Changing {lesion_id}",
    "delete_case": "Deleting {lesion_id}",
    "start_quiz": "Choosing the cases of a quiz",
    "give_hint": "Working out a hint",
    "reveal_truth": "Looking up what is recorded of this case",
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


def not_done(name: str, args: dict[str, Any]) -> str:
    """Say that a step was not done, where the tool itself gave no reason for users."""
    return f"This could not be done: {started(name, args)[0].lower()}{started(name, args)[1:]}."


def unsaid(answer: str, undone: Iterable[str]) -> tuple[str, ...]:
    """List what an answer does not tell of the steps that were not done; one that denies something tells it."""
    if _DENIES.search(answer):
        return ()
    return tuple(sentence for sentence in undone if sentence not in answer)


def _filters(args: dict[str, Any]) -> list[str]:
    """Put the filters among a call's arguments in words; nothing where they are malformed."""
    try:
        return filter_phrases(Filters(**{k: v for k, v in args.items() if k in Filters.model_fields and v is not None}))
    except (ValueError, TypeError, KeyError):
        return []  # a model's odd arguments: the tool itself will say what is wrong with them


def finished(facts: Facts) -> str:
    """Say what a tool did."""
    match facts:
        case SearchFacts():
            said = filter_phrases(facts.filters)
            what = f", {', '.join(said)}" if said else ""
            of_all = f"{facts.candidates} of " if facts.candidates < facts.atlas_size else ""
            return (
                f"Searched {of_all}{counted(facts.atlas_size, 'lesion')} for {facts.region_id}{what}: "
                f"{counted(len(facts.hits), 'hit')}"
            )
        case RegionsFound():
            return f"Suggested {counted(len(facts.regions), 'region')}"
        case RegionFacts():
            return (
                f"Measured {facts.region_id}: {size(facts.long_axis_mm, facts.short_axis_mm) or 'no scale'}"
                f"{f' ({OUTLINE_MARKS[facts.outline]})' if facts.outline != 'measured' else ''}, "
                f"{f'{number(facts.mean_hu)} HU' if facts.units == 'HU' else 'not HU'}"
            )
        case SeriesSelected():
            return f"Switched to series {facts.number} of {facts.series}: {counted(facts.facts.slices, 'slice')}"
        case ImageFacts():
            numbered = f"image {facts.image_number}" if facts.image_number is not None else "not numbered"
            return f"Slice {facts.slice} of {facts.slices}: {numbered}"
        case StudyFacts():
            return f"Read the study: {facts.facts.modality}, {counted(facts.facts.slices, 'slice')}"
        case LesionFacts():
            return f"Looked up {facts.lesion_id}"
        case ComparisonFacts():
            return (
                f"Compared {facts.region.region_id} with {facts.lesion.lesion_id}: similarity "
                f"{likeness(facts.similarity)}"
            )
        case CasesFacts():
            return f"Listed {counted(facts.total, 'own case')}"
        case Stated():
            return facts.statement
        case AtlasFacts():
            return f"Counted {counted(facts.total, 'lesion')} by {facts.group_by.replace('_', ' ')}"
        case LessonFacts():
            return f"Opened the lesson on {facts.lesion_type}"
        case ReportFacts():
            return f"Wrote {facts.file_name}"
    return "Done"
