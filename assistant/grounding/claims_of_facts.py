"""Claims about facts: numbers with a unit are read, and what is said of the series of an upload is read and checked.

Numbers are comparisons, densities, bounds and measures; of a series it is number, images, plane, kernel, phase,
compression and age.
"""

import re

from assistant.grounding.claims import (
    DOWN,
    HEDGE,
    NUM,
    SIDES,
    UP,
    Claim,
    Kind,
    MaskedSentence,
    Quantity,
    Use,
    claim,
    quantity,
)
from assistant.grounding.knowledge import Record
from assistant.grounding.sentence import Sentence

_PLANES = {"axial": "axial", "transverse": "axial", "coronal": "coronal", "sagittal": "sagittal", "oblique": "oblique"}
_KERNELS = {
    "soft": "soft",
    "soft-tissue": "soft",
    "soft tissue": "soft",
    "smooth": "soft",
    "sharp": "sharp",
    "bone": "sharp",
}
_KINDS = {
    "original": "original", "maximum intensity projection": "mip", "intensity projection": "mip", "mip": "mip",
    "average": "average",
    "derived": "derived", "localizer": "localizer", "screen copy": "screen", "computed map": "map",
}  # fmt: skip
_NOT = r"(?P<not>\bnot (?:an? |in |with |the )?)?"
# what a file does not say, by the words of it; the first that fits
UNSTATED = (
    ("phase", r"\bphase\b|arterial|venous"),
    ("plane", r"\bplane\b|axial|coronal|sagittal|orientation"),
    ("kernel", r"\bkernel\b"),
    ("lossy", r"compress|\bloss"),
    ("contrast", r"\bcontrast\b"),
    ("kind", r"\boriginal\b|\bderived\b"),
    ("thickness", r"\bthick"),
    ("image", r"\bnumber"),
)


def read_comparisons(sentence: MaskedSentence) -> None:
    """Read what is larger, smaller or of like size, and by how much."""
    way = "|".join((*UP, *DOWN))
    than = (
        r"(?P<than> (?:than|compared with|compared to) (?:the |that of )?(?:\x00+|it|this (?:region|lesion)"
        r"|yours))?"
    )
    sentence.take(
        rf"(?P<hedge>{HEDGE} )?{NUM} ?(?P<unit>mm|cm|years?) (?P<way>{way})\b{than}",
        lambda m: claim(
            "delta",
            m,
            [quantity(m.group(2), 10 if m.group("unit") == "cm" else 1, bool(m.group("hedge")))],
            ["up" if m.group("way").lower() in UP else "down"],
            "age" if m.group("unit").startswith("year") or m.group("way").lower() in ("older", "younger") else "size",
        ),
    )
    sentence.take(
        rf"\b(?P<all>all )?(?P<way>{way}) (?:than|compared with|compared to) (?:the |that of )?(?:\x00+|it\b|this "
        rf"(?:region|lesion)|yours)",
        lambda m: claim(
            "comparison",
            m,
            words=["up" if m.group("way").lower() in UP else "down", "all" if m.group("all") else ""],
            label="age" if m.group("way").lower() in ("older", "younger") else "size",
        ),
    )
    sentence.take(
        r"\b(?:about|roughly|nearly|of)? ?(?:the|a) (?:same |similar )?size (?:of|as) \x00+|\b(?:similar"
        r"|comparable) in size(?: (?:to|with) \x00+)?",
        lambda m: claim("like_size", m),
    )


def read_densities(sentence: MaskedSentence) -> None:
    """Read HU: means, deviations, ranges."""

    def of(label: str, groups: tuple[int, ...] = (1,)) -> Use:
        return lambda m: claim("hu", m, [quantity(m.group(g)) for g in groups], label=label)

    signed = r"(-?\d+(?:\.\d+)?)"
    units = r"(?:HU|Hounsfield units?|arbitrary(?: units?)?)"
    where = r"(?: density| attenuation| value)?(?: (?:of|in|inside) \x00+)?(?: of| is|:)?"
    sentence.take(
        rf"\b(?:range|ranges|ranging|from|between)(?: of| is|:| from)? {signed}(?: ?{units})?"
        rf" ?(?:to|-|and) ?{signed} ?{units}",
        of("range", (1, 2)),
    )
    bare = r"(?!\d|\.\d| ?(?:mm|cm|%))"
    sentence.take(rf"\b(?:SD|standard deviation){where} {signed}(?: ?{units}|{bare})", of("sd"))
    sentence.take(rf"\b(?:mean|average){where} {signed} ?{units}", of("mean"))
    sentence.take(rf"\bmin(?:imum|\.)?{where} {signed} ?{units}", of("min"))
    sentence.take(rf"\bmax(?:imum|\.)?{where} {signed} ?{units}", of("max"))
    sentence.take(rf"(?<![\d.\w-]){signed} ?{units}", of(""))
    sentence.take(rf"\b(?:mean|SD|average){where} {signed} ?(?:mm|cm|%)", lambda m: claim("number", m))


def read_bounds(sentence: MaskedSentence) -> None:
    """Read bounds of ages and sizes, as filters are said back."""
    more, less = r"(?:over|older|more|larger|above|longer|up)", r"(?:under|younger|less|smaller|below|shorter)"
    age, unit = r"(?: ?years?(?: old)?| years of age)?", r" ?(mm|cm)"

    def ages(low: int | None, high: int | None) -> Use:
        return lambda m: claim(
            "age_bound",
            m,
            [quantity(m.group(g)) for g in (low, high) if g],
            ["range" if low and high else "min" if low else "max"],
        )

    def sizes(low: int | None, high: int | None, unit_group: int) -> Use:
        def use(m: re.Match[str]) -> Claim:
            scale = 10 if m.group(unit_group).lower() == "cm" else 1
            return claim(
                "size_bound",
                m,
                [quantity(m.group(g), scale) for g in (low, high) if g],
                ["range" if low and high else "min" if low else "max"],
            )

        return use

    sentence.take(
        r"\bslice thickness(?: of| is|:)? (\d+(?:\.\d+)?) to (\d+(?:\.\d+)?) ?mm\b",
        lambda m: claim("geometry", m, [quantity(g) for g in m.groups()], label="thickness"),
    )
    not_hu = r"(?! ?(?:HU|%|percent|mm²|kVp))"
    over = r"(?:over|above|at least|more than|larger than|older than|greater than|longer than|minimum|min\.?|from|≥|>)"
    under = r"(?:under|below|at most|less than|smaller than|younger than|shorter than|up to|maximum|max\.?|≤|<)"
    sentence.take(rf"(?:between |from )?{NUM}(?: ?mm| ?cm)? ?(?:to|and|-) ?{NUM}{unit}\b(?!²)", sizes(1, 2, 3))
    sentence.take(rf"{NUM}{unit} (?:or|and) {more}\b", sizes(1, None, 2))
    sentence.take(rf"{NUM}{unit} (?:or|and) {less}\b", sizes(None, 1, 2))
    sentence.take(rf"(?<!\w){over} {NUM}{unit}\b(?!²)", sizes(1, None, 2))
    sentence.take(rf"(?<!\w){under} {NUM}{unit}\b(?!²)", sizes(None, 1, 2))
    sentence.take(
        rf"\b(?:aged?|ages?|between|from)(?: between| from)? {NUM}{age} ?(?:to|and|-) ?{NUM}{age}\b{not_hu}",
        ages(1, 2),
    )
    sentence.take(rf"{NUM} ?(?:to|-) ?{NUM} years?(?: old| of age)?\b", ages(1, 2))
    sentence.take(rf"(?:\baged? )?{NUM}{age} (?:or|and) {more}\b", ages(1, None))
    sentence.take(rf"(?:\baged? )?{NUM}{age} (?:or|and) {less}\b", ages(None, 1))
    noun = r"(?! ?(?:hits?|cases?|lesions?|patients?|slices?|×))"
    sentence.take(rf"(?<!\w){over} (?:the age of )?(?<![\d.]){NUM}(?![\d.]){age}(?!\w){not_hu}{noun}", ages(1, None))
    sentence.take(rf"(?<!\w){under} (?:the age of )?(?<![\d.]){NUM}(?![\d.]){age}(?!\w){not_hu}{noun}", ages(None, 1))


def read_measures(sentence: MaskedSentence) -> None:
    """Read slices, pixels, geometry, sizes, areas, similarities and shares."""
    hedge = rf"(?P<hedge>{HEDGE} )?"

    def of(kind: Kind, label: str = "", groups: tuple[int, ...] = (2,)) -> Use:
        def use(m: re.Match[str]) -> Claim:
            scale = 10.0 if re.search(r"\dcm\b|\d cm\b", m.group(), re.IGNORECASE) else 1.0
            loose = bool(m.groupdict().get("hedge"))
            return claim(kind, m, [quantity(m.group(g), scale, loose) for g in groups], label=label)

        return use

    sentence.take(rf"\bslice {hedge}(\d+)(?: of (\d+)| ?/ ?(\d+))?", lambda m: claim(
        "slice", m, [quantity(g) for g in m.groups()[1:] if g]))  # fmt: skip
    sentence.take(r"(\d+) ?[×x] ?(\d+)(?= pixels?)", of("pixels", groups=(1, 2)))
    spacing = r"\bpixel (?:spacing|size)(?: of| is|:)? (\d+(?:\.\d+)?)"
    sentence.take(rf"{spacing} ?[×x] ?(\d+(?:\.\d+)?) ?(?:mm|cm)\b", of("geometry", "spacing", (1, 2)))
    sentence.take(rf"{spacing} ?(?:mm|cm)\b", of("geometry", "spacing", (1,)))
    sentence.take(r"\bslice thickness(?: of| is|:)? (\d+(?:\.\d+)?) ?(?:mm|cm)\b", of("geometry", "thickness", (1,)))
    sentence.take(
        r"(\d+(?:\.\d+)?) ?(?:mm|cm) (?:slice thickness|thick(?: slices)?)\b", of("geometry", "thickness", (1,))
    )
    sentence.take(r"(?<![\d.])(\d+(?:\.\d+)?) ?(?:mm|cm) apart\b", of("geometry", "gap", (1,)))
    sentence.take(r"\bgantry tilt(?: of| is|:)? (-?\d+(?:\.\d+)?) ?°", of("geometry", "tilt", (1,)))
    sentence.take(r"(?<![\d.])(\d+(?:\.\d+)?) ?kVp?\b", of("geometry", "kvp", (1,)))
    sentence.take(
        rf"{hedge}(?<![\d.]){NUM}(?: ?mm| ?cm)? ?(?:×|x|by) ?{NUM} ?(?:mm|cm)\b(?!²)",
        of("size_pair", groups=(2, 3)),
    )
    sentence.take(rf"\barea(?: of| is|:)? {hedge}{NUM} ?(?:mm²|mm2|square mm)", of("area"))
    sentence.take(rf"{hedge}(?<![\d.]){NUM} ?(?:mm²|mm2|square mm)", of("area"))
    sentence.take(
        rf"\b(?:long(?:est)? axis|diameter|length)(?: of| is|:| measures)? {hedge}{NUM} ?(?:mm|cm)\b",
        of("size", "long"),
    )
    sentence.take(rf"\bshort(?:est)? axis(?: of| is|:| measures)? {hedge}{NUM} ?(?:mm|cm)\b", of("size", "short"))
    sentence.take(rf"{hedge}(?<![\d.]){NUM} ?(?:mm|cm)\b(?!²)", of("size"))
    to = r"(?: (?:to|with|of|for|between) \x00+(?: (?:and|to) \x00+)?)?(?: of| is|:| score| only)*"
    sentence.take(rf"\bsimilarity{to} {NUM} ?%", of("similarity", "percent", (1,)))
    sentence.take(rf"{NUM} ?%(?= similar)", of("similarity", "percent", (1,)))
    sentence.take(rf"\bsimilarity{to} {NUM}", of("similarity", "", (1,)))
    sentence.take(rf"\bscored?(?: of| is|:)? {NUM}", of("score", "", (1,)))
    sentence.take(
        rf"\b(?P<side>under|over|less than|more than)? ?{hedge}(?<![\d.])(?P<n>\d+(?:\.\d+)?) ?(?:%|per ?cent\b)",
        lambda m: claim("percent", m, [quantity(m.group("n"), 1, bool(m.group("hedge")))],
                              label=SIDES.get(m.group("side") or "", "")),
    )  # fmt: skip


def read_unstated(sentence: MaskedSentence) -> None:
    """Read that the file does not say something."""

    def use(m: re.Match[str]) -> Claim | None:
        label = next((label for label, words in UNSTATED if re.search(words, m.group(), re.IGNORECASE)), "")
        return claim("unstated", m, label=label) if label else None

    sentence.take(r"\bthe (?:file|files|header) (?:does|do|did) not (?:say|state|name|tell|give|number)\b[^.;]*", use)


def read_series(sentence: MaskedSentence) -> None:
    """Read numbers of series and images, and by how much an examination is older than the newest."""

    def numbered(kind: Kind) -> Use:
        return lambda m: claim(kind, m, [quantity(g) for g in m.groups() if g])

    sentence.take(r"\bseries (?:number )?(\d+)(?: of (\d+))?\b", numbered("series"))
    sentence.take(r"\bimage (?:number |no\. ?)?(\d+)\b", numbered("image"))
    sentence.take(r"\bphase (\d+)(?: of (\d+))?\b", numbered("phase"))

    def years(m: re.Match[str]) -> Claim:
        scale = 1 / 12 if m.group("unit").lower().startswith("month") else 1.0
        said = quantity(m.group("n"))
        under = "under" if m.group("under") else ""
        return claim("years", m, [Quantity(said.value * scale, said.half_step * scale)], label=under)

    newest = (
        r"(?:before|older than|earlier than) (?:the )?(?:newest|latest|current|most recent)"
        r"(?: (?:examination|exam|study|scan|one))?"
    )
    sentence.take(
        rf"(?P<under>less than |under )?(?P<n>{NUM}) (?P<unit>years?|months?) {newest}\b",
        years,
    )
    sentence.take(r"\b(?:newest|latest|most recent) (?:examination|exam|study|scan)\b", lambda m: claim("newest", m))


def read_traits(sentence: MaskedSentence) -> None:
    """Read plane, kernel, kind of image, phase by name, compression and contrast."""

    def named(kind: Kind, names: dict[str, str]) -> Use:
        return lambda m: claim(kind, m, words=[names[m.group("name").lower()]], label="not" if m.group("not") else "")

    kernels = "|".join(sorted(_KERNELS, key=len, reverse=True))
    sentence.take(rf"{_NOT}\b(?P<name>{'|'.join(_PLANES)})\b", named("plane", _PLANES))
    sentence.take(rf"{_NOT}\b(?P<name>{kernels})(?=(?: reconstruction)? kernel\b)", named("kernel", _KERNELS))
    sentence.take(
        rf"{_NOT}\b(?P<name>{'|'.join(_KINDS)})(?= (?:images?|series|acquisitions?|slices|projection)\b|s\b|[,.;]|$)",
        named("series_kind", _KINDS),
    )
    sentence.take(
        r"\b(?:arterial|portal(?:[- ]venous)?|venous|nephrographic|excretory|delayed|late|native)(?: contrast)? phase\b"
        r"|\bportal[- ]venous\b",
        lambda m: claim("phase_name", m),
    )
    sentence.take(
        r"\babout (?P<n>\d+(?:\.\d+)?) ?(?::|to) ?1\b", lambda m: claim("ratio", m, [quantity(m.group("n"), 1, True)])
    )
    sentence.take(
        r"\b(?P<not>not (?:lossy |\w+ )?|no (?:lossy )?)?"
        r"(?:compress(?:ed|ion)(?: with loss)?|lossy(?: compress(?:ed|ion))?)(?P<free> without loss)?\b"
        r"|\b(?P<less>lossless)(?:ly)?\b",
        lambda m: claim("lossy", m, words=["no" if m.group("not") or m.group("free") or m.group("less") else "yes"]),
    )
    sentence.take(
        r"\b(?P<not>without|no|not)(?: \w+)?? contrast\b|\b(?:with|after)(?: \w+)?? contrast\b|\bcontrast[- ]enhanced\b"
        r"|\bcontrast (?:agent |medium )?was (?P<never>not )?given\b",
        lambda m: claim("contrast", m, words=["no" if m.group("not") or m.group("never") else "yes"]),
    )


def trait(sentence: Sentence, claim: Claim) -> bool:
    """Check plane, kernel, kind, phase, compression, contrast or age of a series; "not axial" needs a known plane."""
    return any(record.supports(claim) for record in _series_of(sentence, claim))


def unstated(sentence: Sentence, claim: Claim) -> bool:
    """Check that the file does not say something; which contrast phase it was, none does."""
    if claim.label == "phase":
        return True
    if claim.label == "image":
        return not sentence.known.has_image_numbers
    silent = (None, False) if claim.label == "lossy" else (None,)
    return any(record.traits.get(claim.label) in silent for record in _series_of(sentence, claim))


def series(sentence: Sentence, claim: Claim) -> bool:
    """Check that there is such a series, and how many there are."""
    known = sentence.known.series
    return int(claim.numbers[0].value) in known and (len(claim.numbers) < 2 or claim.numbers[1].value == len(known))


def image(sentence: Sentence, claim: Claim) -> bool:
    """Check an image number: of the region named before it, else of a slice that was looked up."""
    before = [r for c, r in sentence.entities if c.kind == "region" and c.end <= claim.start]
    regions = before[-1:] or [r for r in sentence.focus if r.kind == "region"]
    number = claim.numbers[0]
    if before:
        return number.fits(before[-1].image_number)
    return int(number.value) in sentence.known.images or any(number.fits(r.image_number) for r in regions)


def _series_of(sentence: Sentence, claim: Claim) -> list[Record]:
    """Find the series a claim is about: the one named nearest to it, else the one on the screen."""
    named = [(c, r) for c, r in sentence.entities if c.kind == "series"]
    before = [r for c, r in named if c.end <= claim.start]
    if before or named:
        return [before[-1] if before else named[0][1]]
    return [sentence.known.study] if sentence.known.study is not None else []
