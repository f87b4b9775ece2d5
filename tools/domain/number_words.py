"""Numbers as people read them: rounded one way in answers, reports, on the page and on the command line."""


def number(value: float) -> str:
    """Write a number with one decimal at most, none where it is zero."""
    return f"{round(value, 1):g}"


def percent(probability: float) -> str:
    """Write a probability (0 to 1) as whole per cent; never 0% or 100% for what is not exactly that."""
    if 0 < probability < 0.01:
        return "under 1%"
    if 0.99 < probability < 1:
        return "over 99%"
    return f"{round(100 * probability)}%"


def likeness(similarity: float) -> str:
    """Write a cosine similarity: two decimals, three where two would all read 0.99 or 1.00."""
    return f"{similarity:.3f}" if similarity >= 0.985 else f"{similarity:.2f}"


def volume(mm3: float) -> str:
    """Write a volume with three figures, in ml and in mm³: `1.23 ml (1230 mm³)`."""
    figures = float(f"{mm3:.3g}")
    return f"{figures / 1000:g} ml ({figures:g} mm³)" if figures < 1e6 else f"{figures / 1000:.0f} ml"


def thickness(thinnest_mm: float, thickest_mm: float | None) -> str:
    """Write how thick slices are: `4 mm`, or `4 to 7 mm` where they differ."""
    return f"{thinnest_mm:g} mm" if thickest_mm is None else f"{thinnest_mm:g} to {thickest_mm:g} mm"


def size(long_mm: float | None, short_mm: float | None = None) -> str:
    """Write axes as `18.2 × 12.4 mm`, `18.2 mm`, or nothing."""
    if long_mm is None:
        return ""
    if short_mm is None:
        return f"{number(long_mm)} mm"
    return f"{number(long_mm)} × {number(short_mm)} mm"
