"""Readers of claims about the series of an upload: number, image numbers, plane, kernel, phase, compression, age."""

import re

from assistant.grounding.claims import NUM, Claim, Kind, Quantity, quantity
from assistant.grounding.masked_sentence import MaskedSentence, Use, claim

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
