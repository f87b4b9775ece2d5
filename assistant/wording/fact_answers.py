"""Facts in words: the study, its regions and their measurements, atlas lesions, the atlas, lessons, reports."""

from collections.abc import Sequence

from assistant.wording.fixed_sentences import LOSSY_DENSITY, NOTHING_FOUND, REAL_ATLAS_HOW, SEX_OTHER, outline_note
from assistant.wording.phrases import BODY_PART_UNKNOWN, body_part_seen, cite, counted, lesion_facts, listed, person
from assistant.wording.study_answers import MODALITIES, known_traits, series_name
from tools.domain.facts import (
    AtlasFacts,
    ComparisonFacts,
    HitFacts,
    LesionFacts,
    LessonFacts,
    RegionFacts,
    RegionsFound,
    ReportFacts,
    ReportFormat,
    StudyFacts,
)
from tools.domain.number_words import likeness, number, size, thickness
from tools.domain.region import OUTLINE_MARKS
from tools.domain.study_words import DENSITY_DOUBTS, spacing_words

REPORT_KINDS: dict[ReportFormat, str] = {
    "html": "HTML",
    "text": "text",
    "markdown": "Markdown",
    "json": "JSON",
    "dicom-sr": "DICOM SR",
    "dicom-seg": "DICOM SEG",
}


# -- study, regions, measurements ----------------------------------------------------------------------------------
def study_answer(facts: StudyFacts) -> str:
    """Describe the open study in two or three sentences."""
    f = facts.facts
    modality = MODALITIES.get(f.modality, f.modality)
    what = f"{'A synthetic ' if f.synthetic else 'A '}{modality} series"
    if f.body_part:
        what += f" of the {f.body_part}"
    told = [f"{what}: {counted(f.slices, 'slice')} of {f.columns} × {f.rows} pixels."]
    if f.body_part_seen and f.body_part_certainty:
        told.append(body_part_seen(f.body_part_seen, f.body_part_certainty))
    elif f.body_part is None:
        told.append(BODY_PART_UNKNOWN)
    traits = known_traits(f)
    if traits:
        told.append(f"{listed(traits)[0].upper()}{listed(traits)[1:]}.")
    geometry = []
    if f.row_spacing_mm is not None and f.column_spacing_mm is not None:
        geometry.append(f"pixel spacing {spacing_words(f.row_spacing_mm, f.column_spacing_mm)}")
    if f.slice_thickness_mm is not None:
        geometry.append(f"slice thickness {thickness(f.slice_thickness_mm, f.thickest_slice_mm)}")
    if f.slice_gap_mm is not None:
        geometry.append(f"slices {number(f.slice_gap_mm)} mm apart")
    if f.gantry_tilt_deg:
        geometry.append(f"gantry tilt {number(f.gantry_tilt_deg)}°")
    if f.kvp:
        geometry.append(f"{number(f.kvp)} kVp")
    if geometry:
        listed_geometry = listed(geometry)
        told.append(f"{listed_geometry[0].upper()}{listed_geometry[1:]}.")
    else:
        told.append("The file gives no spacing, so nothing can be measured.")
    if f.contrast is not None:
        told.append("With contrast." if f.contrast else "Without contrast.")
    who = person(f.sex, f.age_years)
    if who:
        told.append(f"Patient: {who}.")
    if f.sex == "O":
        told.append(SEX_OTHER)
    if facts.series > 1:
        others = [series_name(s) for s in facts.listed if s.number != facts.number]
        beside = f", beside {listed(others)}" if others else ""
        told.append(f"The upload holds {facts.series} series; this is series {facts.number}{beside}.")
    return " ".join([*told, *facts.warnings])


def regions_answer(facts: RegionsFound) -> str:
    """List the suggested regions, best first."""
    if not facts.regions:
        return NOTHING_FOUND
    lines = [
        f"- {r.region_id}: slice {r.slice}, {size(r.long_axis_mm, r.short_axis_mm) or 'size unknown'}"
        + (f" ({OUTLINE_MARKS[r.outline]})" if r.outline != "measured" else "")
        + (f", mean {number(r.mean_hu)} HU" if r.units == "HU" else "")
        + (f", score {r.score:.2f}" if r.score is not None else "") + "."
        for r in facts.regions
    ]  # fmt: skip
    n = len(facts.regions)
    title = f"{counted(n, 'place')} worth a look, best first. These are suggestions, not findings:"
    return "\n".join([title, *lines]) + (f"\n\n{facts.note}" if facts.note else "")


def measure_answer(measured: Sequence[RegionFacts], suggested: bool = False, by_density: bool = False) -> str:
    """Say axes, area and density of one region, or of several side by side; of two, which is longer or denser."""
    lines = [_measured(r) for r in measured]
    if len(measured) == 1:
        intro = "You had not marked a lesion, so I measured my best suggestion. " if suggested else ""
        return intro + lines[0]
    told = "\n".join(f"- {line}" for line in lines)
    if by_density and len(measured) == 2:
        return f"{told}\n\n{_denser(*measured)}"
    by_size = [r for r in measured if r.long_axis_mm is not None]
    if len(by_size) == 2 and by_size[0].long_axis_mm != by_size[1].long_axis_mm:
        a, b = sorted(by_size, key=lambda r: r.long_axis_mm or 0, reverse=True)
        difference = (a.long_axis_mm or 0) - (b.long_axis_mm or 0)
        told += f"\n\n{a.region_id} is {number(difference)} mm longer than {b.region_id}."
    return told


def _denser(a: RegionFacts, b: RegionFacts) -> str:
    """Say which of two regions has the higher mean density, and by how much."""
    if a.units != "HU" or b.units != "HU":
        return "Their values are not Hounsfield units, so their densities do not compare."
    low, high = sorted((a, b), key=lambda r: r.mean_hu)
    if number(low.mean_hu) == number(high.mean_hu):
        return f"{a.region_id} and {b.region_id} are equally dense on average."
    return f"{high.region_id} is {number(high.mean_hu - low.mean_hu)} HU denser than {low.region_id} on average."


def _measured(r: RegionFacts) -> str:
    """Write the measurements of one region in a line: mm, mm², HU or the units of the series."""
    told = f"{r.region_id} on slice {r.slice}: "
    if r.long_axis_mm is None:
        told += "no spacing in the file, so no size in mm; "
    else:
        told += f"long axis {number(r.long_axis_mm)} mm"
        if r.short_axis_mm is not None:
            told += f", short axis {number(r.short_axis_mm)} mm"
        if r.area_mm2 is not None:
            told += f", area {number(r.area_mm2)} mm²"
        told += "; "
    if r.units != "HU":
        told += "its values are not Hounsfield units, so no density is given."
    else:
        told += f"mean {number(r.mean_hu)} HU, SD {number(r.sd_hu)}, range {number(r.min_hu)} to {number(r.max_hu)} HU."
        told += f" {DENSITY_DOUBTS[r.density_doubt]}" if r.density_doubt else ""
        told += f" {LOSSY_DENSITY}" if r.lossy else ""
    return " ".join([told, *outline_note(r)])


# -- atlas lesions -------------------------------------------------------------------------------------------------
def lesion_answer(facts: LesionFacts, hit: HitFacts | None = None) -> str:
    """Describe one atlas lesion."""
    told = [f"{cite(facts.lesion_id)}: {lesion_facts(facts)}."]
    if hit:
        told.append(f"It was hit {hit.rank}, with a similarity of {likeness(hit.similarity)}.")
    if facts.body_part:
        told.append(f"Body part: {facts.body_part}.")
    n = facts.other_lesions_of_patient
    if n:
        told.append(f"The atlas holds {counted(n, 'other lesion')} of this patient.")
    return " ".join(told)


def comparison_answer(facts: ComparisonFacts, suggested: bool = False) -> str:
    """Compare a region with an atlas lesion: similarity, then what differs."""
    region, lesion = facts.region, facts.lesion
    name, cited = region.region_id, cite(lesion.lesion_id)
    intro = "You had not marked a lesion, so I used my best suggestion. " if suggested else ""
    told = [f"{intro}{name} beside {cited} ({lesion_facts(lesion)}): similarity {likeness(facts.similarity)}."]
    difference = facts.long_axis_difference_mm
    if difference is not None and region.long_axis_mm is not None and lesion.long_axis_mm is not None:
        if abs(difference) < 0.1:
            told.append(f"{name} and {cited} share a long axis of {number(region.long_axis_mm)} mm.")
        else:
            way = "longer" if difference > 0 else "shorter"
            told.append(
                f"{name} is {number(abs(difference))} mm {way} than {cited}: {name} measures "
                f"{number(region.long_axis_mm)} mm, {cited} {number(lesion.long_axis_mm)} mm."
            )
    elif region.long_axis_mm is None:
        told.append("The study gives no spacing, so sizes cannot be compared.")
    told += outline_note(region)
    if facts.region_roi_mean is not None and facts.lesion_roi_mean is not None:
        told.append(
            f"The centre of {name} has {number(facts.region_roi_mean)} HU, that of {cited} "
            f"{number(facts.lesion_roi_mean)} HU."
        )
    if facts.same_patient is not None:
        told.append("They are of the same patient." if facts.same_patient else "They are of different patients.")
    return " ".join(told)


def atlas_answer(facts: AtlasFacts, asked: Sequence[str] = ()) -> str:
    """Say how many lesions there are, counted one way; the groups in `asked` first."""
    kind = "synthetic teaching " if facts.synthetic else ""
    told = []
    words = {"F": "women", "M": "men"} if facts.group_by == "sex" else {}
    for name in asked:
        if name in facts.counts:
            told.append(f"{facts.counts[name]} of the {facts.total} lesions are {_group(name, words)}.")
    told.append(f"The {kind}atlas holds {counted(facts.total, 'lesion')} of {counted(facts.patients, 'patient')}.")
    by = {"lesion_type": "type", "body_part": "body part"}.get(facts.group_by, facts.group_by)
    counts = sorted(facts.counts.items(), key=lambda c: -c[1])
    told.append(f"By {by}: {', '.join(f'{words.get(n, n)} {c}' for n, c in counts)}.")
    if facts.synthetic:
        told.append(REAL_ATLAS_HOW)
    return " ".join(told)


def _group(name: str, words: dict[str, str]) -> str:
    """Say what the lesions of a group are: "of women", or the group's own name."""
    return f"of {words[name]}" if name in words else name


def lesson_answer(facts: LessonFacts) -> str:
    """Give a teaching text with its sources."""
    sources = "".join(f"\n- {s}" for s in facts.sources)
    return f"**{facts.lesion_type.capitalize()}.** {facts.text}" + (f"\n\nSources:{sources}" if sources else "")


def report_answer(facts: ReportFacts) -> str:
    """Name the report that was written."""
    if facts.format == "dicom-seg":
        return f"The DICOM SEG is ready: {facts.file_name}, with the outlines of {counted(facts.regions, 'region')}."
    return (
        f"The {REPORT_KINDS[facts.format]} report is ready: {facts.file_name}, with "
        f"{counted(facts.regions, 'region')} and {counted(facts.searches, 'search', 'searches')}."
    )
