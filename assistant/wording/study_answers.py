"""What is asked of the study in words: plane, kernel, phase, compression, age, its series, where a region lies.

What the file does not say is said too: silence is never taken for an answer.
"""

from collections.abc import Callable, Sequence

from assistant.core.patterns import split_sentences
from assistant.wording.fixed_sentences import DATE_NEVER_KEPT, SEX_OTHER
from assistant.wording.phrases import BODY_PART_UNKNOWN, body_part_seen, counted, joined, listed, person
from tools.domain.facts import ImageFacts, RegionFacts, SeriesFacts, SeriesSelected, StudyFacts
from tools.domain.number_words import number, thickness
from tools.domain.study import SafeFacts
from tools.domain.study_words import spacing_words

KINDS = {
    "original": "original images", "derived": "derived images", "mip": "an intensity projection",
    "average": "average images", "localizer": "a localizer", "screen": "a screen copy",
    "map": "a computed map",
}  # fmt: skip
MODALITIES = {"CT": "CT", "MR": "MR", "PT": "PET"}
KERNELS = {"soft": "soft kernel", "sharp": "sharp kernel"}


def topics_answer(facts: StudyFacts, topics: Sequence[str]) -> str:
    """Answer one question or several about the study, in the order they were asked."""
    answers = [*dict.fromkeys(TOPICS[topic](facts) for topic in topics)]
    short = (s.strip() for a in answers if "\n" not in a for s in split_sentences(a))
    return joined([" ".join(dict.fromkeys(short)), *(a for a in answers if "\n" in a)])


def known_traits(f: SafeFacts) -> list[str]:
    """List what tells a series from others, as far as the file says it: `coronal`, `soft kernel`, `phase 1 of 2`."""
    told = [f.plane or "", KERNELS.get(f.kernel or "", ""), _phase(f)]
    if f.kind not in (None, "original"):
        told.append(KINDS[f.kind or ""])
    told.append(before_newest(f.years_before_newest))
    return [trait for trait in told if trait]


def series_name(s: SeriesFacts) -> str:
    """Name a series by what tells it from the others: `series 2 (coronal, soft kernel, 24 slices)`."""
    traits = [s.plane or "", KERNELS.get(s.kernel or "", ""), _phase(s)]
    traits += [KINDS[s.kind] if s.kind not in (None, "original") else "", _contrast(s.contrast)]
    traits += [counted(s.slices, "slice"), before_newest(s.years_before_newest)]
    return f"series {s.number} ({', '.join(t for t in traits if t)})"


def before_newest(years: float | None) -> str:
    """Say how much older than the newest of the upload an examination is: `6 years before the newest examination`."""
    if not years:
        return ""
    if round(12 * years) >= 12:
        return f"{counted(round(years), 'year')} before the newest examination"
    months = round(12 * years)
    return f"{counted(months, 'month') if months else 'less than 1 month'} before the newest examination"


def selected_answer(facts: SeriesSelected) -> str:
    """Say which series was brought to the screen."""
    name = next((series_name(s) for s in facts.listed if s.number == facts.number), f"series {facts.number}")
    told = [f"{name[0].upper()}{name[1:]} is on the screen now."]
    if facts.regions:
        told.append(f"Its regions: {listed(r.region_id for r in facts.regions)}.")
    return " ".join([*told, *facts.warnings])


def place_answer(region: RegionFacts) -> str:
    """Say on which slice a region lies, and which image of the file that is."""
    told = f"{region.region_id} is on slice {region.slice} of {region.slices}"
    if region.image_number is not None:
        return f"{told}, image {region.image_number} of the file."
    return f"{told}. The file does not number its images, so another viewer may count otherwise."


def image_answer(facts: ImageFacts, region: RegionFacts | None) -> str:
    """Say which slice an image of the file is, and whether a region lies on it."""
    if facts.image_number is None:
        return f"The file does not number its images, so slice {facts.slice} has no number but this."
    told = f"Image {facts.image_number} of the file is slice {facts.slice} of {facts.slices} here"
    if region is None:
        return f"{told}."
    if region.slice == facts.slice:
        return f"{told}, the slice that {region.region_id} is on."
    own = f", image {region.image_number}" if region.image_number is not None else ""
    return f"{told}; {region.region_id} is on slice {region.slice}{own}."


def slice_answer(facts: ImageFacts) -> str:
    """Say which slice is on the screen, and its image number in the file."""
    number = "" if facts.image_number is None else f", image {facts.image_number} of the file"
    return f"Slice {facts.slice} of {facts.slices} is on the screen{number}."


def which_series(series: Sequence[SeriesFacts]) -> str:
    """Ask which of several series is meant."""
    return f"Which series do you mean: {listed((series_name(s) for s in series), 'or')}?"


def no_such_series(what: str, series: Sequence[SeriesFacts]) -> str:
    """Say that the upload holds no such series, and which it holds."""
    return f"This upload holds no {what} series that I know of. It holds {listed(series_name(s) for s in series)}."


def _plane(facts: StudyFacts) -> str:
    f = facts.facts
    if f.plane is None:
        return "The file does not say in which plane its slices lie."
    others = [series_name(s) for s in facts.listed if s.number != facts.number and s.plane not in (None, f.plane)]
    also = f" The upload also holds {listed(others)}." if others else ""
    return f"The slices are {f.plane}.{also}"


def _kernel_asked(facts: StudyFacts) -> str:
    kernel = facts.facts.kernel
    if kernel is None:
        return "The file does not say whether its kernel is soft or sharp."
    return f"The images were made with a {KERNELS[kernel]}."


def _phase_asked(facts: StudyFacts) -> str:
    f = facts.facts
    told = ["The file does not name the contrast phase (arterial, portal venous or later)."]
    if f.phase_part is not None:
        told.append(f"This series is {_phase(f)}, in the order in time.")
    told.append(_contrast_asked(facts))
    return " ".join(told)


def _contrast_asked(facts: StudyFacts) -> str:
    contrast = facts.facts.contrast
    if contrast is None:
        return "The file does not say whether contrast was given."
    return f"{_contrast(contrast).capitalize()}."


def _lossy(facts: StudyFacts) -> str:
    f = facts.facts
    if not f.lossy:
        return "The file does not say that its images were compressed with loss."
    ratio = f", about {number(f.lossy_ratio)}:1" if f.lossy_ratio else ""
    return f"The images were compressed with loss{ratio}, so densities may be off."


def _date(facts: StudyFacts) -> str:
    years = facts.facts.years_before_newest
    if years is None or len(facts.listed) < 2:
        return DATE_NEVER_KEPT
    own = before_newest(years)
    when = f"This one was made {own} of the upload." if own else "This is the newest examination of the upload."
    return f"{DATE_NEVER_KEPT} {when}"


def _thickness(facts: StudyFacts) -> str:
    f = facts.facts
    told = []
    if f.slice_thickness_mm is None:
        told.append("The file does not say how thick its slices are.")
    else:
        told.append(f"Slice thickness {thickness(f.slice_thickness_mm, f.thickest_slice_mm)}.")
    told += _apart(f)
    return " ".join(told)


def _kind(facts: StudyFacts) -> str:
    kind = facts.facts.kind
    if kind is None:
        return "The file does not say whether its images are original or derived."
    return f"These are {KINDS[kind]}." if kind in ("original", "derived", "average") else f"This is {KINDS[kind]}."


def _series(facts: StudyFacts) -> str:
    if not facts.listed:
        return f"The upload holds {counted(facts.series, 'series', 'series')}, the one on the screen."
    lines = [
        f"- {series_name(s)}{', on the screen' if s.number == facts.number else ''}.".replace("- s", "- S", 1)
        for s in facts.listed
    ]
    return "\n".join([f"The upload holds {facts.series} series:", *lines])


def _phase(f: SafeFacts | SeriesFacts) -> str:
    if f.phase_part is None:
        return ""
    return f"phase {f.phase_part}" + (f" of {f.phase_parts}" if f.phase_parts else "")


def _contrast(contrast: bool | None) -> str:
    return "" if contrast is None else "with contrast" if contrast else "without contrast"


def _age(facts: StudyFacts) -> str:
    if facts.facts.age_years is None:
        return "The file does not say how old the patient is."
    return f"Patient: {person(None, facts.facts.age_years)}."


def _sex(facts: StudyFacts) -> str:
    sex = facts.facts.sex
    if sex == "O":
        return SEX_OTHER
    return f"Patient: {person(sex, None)}." if sex else "The file does not say of which sex the patient is."


def _part(facts: StudyFacts) -> str:
    f = facts.facts
    told = [f"The file says that it shows the {f.body_part}."] if f.body_part else []
    if f.body_part_seen and f.body_part_certainty:
        told.append(body_part_seen(f.body_part_seen, f.body_part_certainty))
    return " ".join(told) or BODY_PART_UNKNOWN


def _slices(facts: StudyFacts) -> str:
    f = facts.facts
    return f"This series has {counted(f.slices, 'slice')} of {f.columns} × {f.rows} pixels."


def _spacing(facts: StudyFacts) -> str:
    f = facts.facts
    if f.row_spacing_mm is None or f.column_spacing_mm is None:
        return "The file gives no spacing, so nothing can be measured."
    return " ".join([f"Pixel spacing {spacing_words(f.row_spacing_mm, f.column_spacing_mm)}.", *_apart(f)])


def _apart(f: SafeFacts) -> list[str]:
    return [] if f.slice_gap_mm is None else [f"The slices are {number(f.slice_gap_mm)} mm apart."]


def _modality(facts: StudyFacts) -> str:
    return f"This is a {MODALITIES.get(facts.facts.modality, facts.facts.modality)} series."


TOPICS: dict[str, Callable[[StudyFacts], str]] = {
    "plane": _plane, "kernel": _kernel_asked, "phase": _phase_asked, "lossy": _lossy, "date": _date,
    "thickness": _thickness, "contrast": _contrast_asked, "kind": _kind, "series": _series,
    "age": _age, "sex": _sex, "part": _part, "slices": _slices, "spacing": _spacing, "modality": _modality,
}  # fmt: skip
