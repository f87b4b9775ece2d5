"""Facts about a series in coded words, as the viewer, the reports and the assistant say them."""

from tools.domain.dicom_terms import SeriesKind
from tools.domain.study import DensityDoubt, SafeFacts

OLDEST_STATED_YEARS = 90  # stands for every age above 89
DAYS_PER_YEAR = 365.25
KIND_WORDS: dict[SeriesKind, str] = {
    "original": "",
    "derived": "derived",
    "mip": "intensity projection",
    "average": "average",
    "localizer": "localizer",
    "screen": "screen copy",
    "map": "computed map",
}
DENSITY_DOUBTS: dict[DensityDoubt, str] = {
    "air off": "The air around the patient is not where it belongs, so all densities may be off.",
    "cut off": "The lowest densities were cut off in the file, so air and lung measure too dense.",
}


def age_words(age_years: int, year: str = "year", years: str = "years") -> str:
    """Write an age: `64 years`, `under 1 year`, `90 years or older`."""
    if age_years >= OLDEST_STATED_YEARS:
        return f"{OLDEST_STATED_YEARS} {years} or older"
    return f"under 1 {year}" if age_years == 0 else f"{age_years} {year if age_years == 1 else years}"


def spacing_words(row_mm: float, column_mm: float) -> str:
    """Write the pixel spacing, rows first: `0.70 mm`, or `0.5 × 1.0 mm` where pixels are not square."""
    if abs(row_mm - column_mm) < 0.005:
        return f"{row_mm:.2f} mm"
    row, column = (f"{mm:.2f}"[:-1] if f"{mm:.2f}".endswith("0") else f"{mm:.2f}" for mm in (row_mm, column_mm))
    return f"{row} × {column} mm"


def earlier_words(years: float | None) -> str:
    """Write how much older than the newest examination one is: `6 years earlier`; empty for the newest itself."""
    days = round((years or 0) * DAYS_PER_YEAR)
    if days == 0:
        return ""
    for unit, length in (("year", DAYS_PER_YEAR), ("month", DAYS_PER_YEAR / 12), ("day", 1.0)):
        if days >= length or unit == "day":
            count = round(days / length)
            return f"{count} {unit}{'' if count == 1 else 's'} earlier"
    raise AssertionError  # every count is one of days at least


def lossy_words(facts: SafeFacts) -> str | None:
    """Write a lossy compression: `lossy, about 10:1`; None where there was none."""
    if not facts.lossy:
        return None
    return f"lossy, about {round(facts.lossy_ratio)}:1" if facts.lossy_ratio else "lossy"


def series_words(facts: SafeFacts) -> list[str]:
    """List what tells a series from others of its upload: plane, kind, kernel, phase, examination."""
    several = facts.phase_part is not None and facts.phase_parts is not None
    words = (
        facts.plane,
        KIND_WORDS[facts.kind] if facts.kind else "",
        f"{facts.kernel} kernel" if facts.kernel else "",
        f"phase {facts.phase_part} of {facts.phase_parts}" if several else "",
        "newest examination" if facts.years_before_newest == 0 else earlier_words(facts.years_before_newest),
    )
    return [word for word in words if word]
