"""Small phrases every answer is made of: sizes, patients, types, filters, lists. One way to say each thing."""

from collections.abc import Iterable, Sequence

from tools.domain.facts import HitFacts, LesionFacts, RegionFacts
from tools.domain.lesions import Filters
from tools.domain.number_words import number, percent, size
from tools.domain.region import OUTLINE_MARKS
from tools.domain.study_words import OLDEST_STATED_YEARS

SEX_PLURAL = {"F": "women", "M": "men"}
SEX_NOUN = {"F": "woman", "M": "man"}
CHILD_NOUN = {"F": "girl", "M": "boy"}
ADULT_AGE = 18
BODY_PART_UNKNOWN = "The file does not say which part of the body this is."
SCOPE_PHRASES = {
    "cross-patient": "other patients only",
    "same-patient": "this patient only",
    "all": "all patients, this one included",
}


def body_part_seen(region: str, certainty: float) -> str:
    """Say what a picture looks like where the file does not name the body part."""
    part = "a limb" if region == "limb" else f"the {region}"
    return f"{BODY_PART_UNKNOWN[:-1]}; it looks like {part} ({percent(certainty)})."


def listed(words: Iterable[str], last: str = "and") -> str:
    """Join words as `a, b and c`."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def counted(n: int, noun: str, plural: str | None = None) -> str:
    """Count in words: `1 hit`, `2 hits`."""
    return f"{n} {noun if n == 1 else plural or noun + 's'}"


def person(sex: str | None, age_years: int | None) -> str:
    """Describe a patient: `woman of 63`, `girl under 1 year`, `man of 90 or older`, `patient of 63`, or nothing."""
    nouns = CHILD_NOUN if age_years is not None and age_years < ADULT_AGE else SEX_NOUN
    noun = nouns.get(sex or "", "")
    if age_years is None:
        return noun
    if age_years == 0:
        return f"{noun or 'child'} under 1 year"
    return f"{noun or 'patient'} of {age_years}{' or older' if age_years >= OLDEST_STATED_YEARS else ''}"


def cite(lesion_id: str) -> str:
    """Cite an atlas lesion by its id, as the gallery opens it."""
    return f"[{lesion_id}]"


def region_place(region: RegionFacts) -> str:
    """Locate a region: `R1 (slice 12 of 40, 18.2 × 12.4 mm)`."""
    details = [
        f"slice {region.slice} of {region.slices}",
        size(region.long_axis_mm, region.short_axis_mm),
        OUTLINE_MARKS[region.outline],
    ]
    return f"{region.region_id} ({', '.join(d for d in details if d)})"


def lesion_facts(lesion: HitFacts | LesionFacts) -> str:
    """Describe a lesion as far as it is recorded: `liver, 20.1 × 15 mm, woman of 63`."""
    parts = [
        lesion.lesion_type or "type not recorded",
        size(lesion.long_axis_mm, lesion.short_axis_mm),
        person(lesion.sex, lesion.age_years),
    ]
    return ", ".join(p for p in parts if p)


def filter_phrases(filters: Filters, atlas_types: Sequence[str] = ()) -> list[str]:
    """Put every applied filter in words; the default scope goes without saying."""
    said: list[str] = []
    types = filters.lesion_types
    left_out = [t for t in atlas_types if t not in types]
    if types and left_out and len(types) > len(left_out):
        said.append(f"everything but {listed(left_out)}")
    elif types:
        said.append(f"only {listed(types)}")
    if filters.sex:
        said.append(SEX_PLURAL[filters.sex])
    said += bounds("aged", filters.min_age, filters.max_age, "")
    said += bounds("long axis", filters.min_size_mm, filters.max_size_mm, " mm")
    if filters.scope != "cross-patient":
        said.append(SCOPE_PHRASES[filters.scope])
    return said


def bounds(what: str, low: float | None, high: float | None, unit: str) -> list[str]:
    """Put inclusive bounds in words: `aged 60 or over`, `long axis 10 to 20 mm`."""
    if low is None and high is None:
        return []
    if low is not None and high is not None:
        return [f"{what} {number(low)}{unit}" if low == high else f"{what} {number(low)} to {number(high)}{unit}"]
    if low is not None:
        return [f"{what} {number(low)}{unit} or over"]
    return [f"{what} {number(high or 0)}{unit} or under"]


def joined(parts: Iterable[str]) -> str:
    """Join the parts of an answer, one paragraph each; what was said is not said again."""
    return "\n\n".join(dict.fromkeys(p for p in parts if p))
