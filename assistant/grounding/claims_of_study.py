"""Claims about the series of an upload, read and checked: number, images, plane, kernel, phase, compression, age."""

import re

from assistant.grounding.claims import NUM, Claim, Kind, MaskedSentence, Quantity, Use, claim, quantity
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
