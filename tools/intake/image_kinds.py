"""What sort of image a file's codes name: original or computed, screen, projection, soft or sharp kernel.

Closed tables: a code that is not in them means nothing, and none of them is handed on as it stands.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from tools.domain.dicom_terms import KernelClass, SeriesKind

LOCALIZERS = frozenset({"LOCALIZER", "SCOUT", "TOPOGRAM", "SURVIEW", "SCANOGRAM", "TOP"})
SCREENS = frozenset(
    {"SCREEN", "SCREENSAVE", "SCREENSHOT", "SNAPSHOT", "CAPTURE", "REPORT", "PROTOCOL", "PROT", "DOCUMENT"}
)
MAPS = frozenset(  # perfusion, material decomposition, subtraction, rendering: values that are no attenuation
    """
    CBF CBV RCBF RCBV MTT TTP TMAX TTD TTS PBV LUNGPBV HEARTPBV PBF PEI PERMEABILITY BLOODFLOW BLOODVOLUME IODINE ZEFF
    RHO EDW SUBTRACTION SUBTRACTED SUBTRACT DSA VRT SSD RENDERED RENDERING VOLREN PARAMETRIC OVERLAY FUSION FUSED
    """.split()  # noqa: SIM905
)
MAPS_IF_DERIVED = frozenset({"PERFUSION", "PERF", "SUB", "3D", "VR", "BF", "BV", "PS", "MD", "MAP", "COLOR", "COLOUR"})
MAP_PHRASES = (
    "MAT SPECIFIC", "MAT FRACTIONAL", "MAT VALUE", "EFF ATOMIC", "EFFECTIVE Z", "EFFECTIVE ATOMIC",
    "ELECTRON DENSITY", "Z EFF", "BLOOD FLOW",
    "BLOOD VOLUME", "TIME TO", "TRANSIT TIME", "VOLUME RENDER", "SHADED SURFACE",
)  # fmt: skip
SCREEN_PHRASES = ("DOSE REPORT", "DOSE INFO", "DOSE RECORD", "DOSE SHEET", "DOSEREPORT")
MIPS = frozenset({"MIP", "MAXIP", "MINIP", "MNIP"})
MIP_PHRASES = ("MAX IP", "MIN IP", "PROJECTION IMAGE")
AVERAGES = frozenset({"AVERAGE", "AVERAGED", "AVG", "AVE", "MEAN"})
VIRTUAL = frozenset({"VMI", "VNC", "VUE", "MONOENERGETIC", "MONOENERGY", "MONOCHROMATIC", "MONOE", "MONO"})
RESHAPED = frozenset(  # words of derived images whose values stay Hounsfield units
    """
    DERIVED PRIMARY SECONDARY AXIAL CORONAL SAGITTAL OBLIQUE MPR MPVR REFORMATTED REFORMAT RESAMPLED CSA CT SOM5 SOM7
    SOM10 SPI SEQ HELICAL VOLUME NONE
    """.split()  # noqa: SIM905
)

SOFT_KERNELS = frozenset({"SOFT", "STANDARD", "STND", "CHEST", "A", "B", "C", "UA", "UB"})
SHARP_KERNELS = frozenset({"BONE", "BONEPLUS", "EDGE", "LUNG", "ULTRA", "D", "E", "L", "YA", "YB", "YC", "YD"})
KNOWN = 64  # Image Types whose kind is remembered: the images of a series have one
SHARP_FROM = 50  # Siemens numbers kernels by sharpness: B31f, Br40d; B60f, Bl64d


@lru_cache(maxsize=KNOWN)
def kind_of(image_type: tuple[str, ...]) -> SeriesKind | None:
    """Classify Image Type (PS3.3 C.7.6.1.1.2, C.8.2.1.1.1, C.8.15.2.1.1) of a CT; None where it says nothing known."""
    values = [" ".join(re.split(r"[^A-Z0-9]+", value.upper())).strip() for value in image_type]
    words = _words(image_type)
    derived = values[:1] == ["DERIVED"]
    if words & LOCALIZERS:
        return "localizer"
    if words & SCREENS or _has_phrase(values, SCREEN_PHRASES) or "DOSE" in values:
        return "screen"
    if words & MAPS or (derived and words & MAPS_IF_DERIVED) or _has_phrase(values, MAP_PHRASES):
        return "map"
    if words & MIPS or _has_phrase(values, MIP_PHRASES):
        return "mip"
    if words & AVERAGES:
        return "average"
    return "derived" if derived else "original" if values[:1] == ["ORIGINAL"] else None


@lru_cache(maxsize=KNOWN)
def keeps_hounsfield_units(image_type: tuple[str, ...]) -> bool:
    """Tell whether nothing in Image Type speaks of a computation that leaves the Hounsfield scale."""
    words = _words(image_type)
    return "DERIVED" not in words or words <= RESHAPED | VIRTUAL | MIPS | AVERAGES


@lru_cache(maxsize=KNOWN)
def is_virtual(image_type: tuple[str, ...]) -> bool:
    """Tell whether Image Type says that a spectral CT computed the image for one energy, or without contrast."""
    words = _words(image_type)
    return bool(words & VIRTUAL) or any(word.endswith("KEV") for word in words)


def kernel_class(kernel: str) -> KernelClass | None:
    """Classify Convolution Kernel (0018,1210) by its name at the common makers; None where it is not known."""
    name = re.split(r"[\\\s]+", kernel.strip().upper())[0]
    if name in SOFT_KERNELS | SHARP_KERNELS:
        return "soft" if name in SOFT_KERNELS else "sharp"
    if canon := re.fullmatch(r"FC(\d\d)[A-Z]?", name):  # Canon, Toshiba: body and head below 30, bone and lung above
        number = int(canon[1])
        return "soft" if number < 30 else "sharp" if number in (30, 31, 35) or number >= 50 else None
    if siemens := re.fullmatch(r"[A-Z]{1,2}(\d\d)[A-Z]?", name):
        return "soft" if int(siemens[1]) < SHARP_FROM else "sharp"
    return None


def _has_phrase(values: Sequence[str], phrases: Sequence[str]) -> bool:
    return any(phrase in value for value in values for phrase in phrases)


def _words(image_type: Sequence[str]) -> set[str]:
    return {word for value in image_type for word in re.split(r"[^A-Z0-9]+", value.upper()) if word}
