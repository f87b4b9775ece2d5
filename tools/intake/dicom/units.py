"""Whether the values of a CT image are Hounsfield units, by all that its header says. Runs in the sandboxed worker."""

from collections.abc import Sequence

from pydicom.dataset import Dataset

from tools.intake.dicom import header, pixels
from tools.intake.dicom.frame_keys import image_type
from tools.intake.image_kinds import keeps_hounsfield_units, kind_of
from tools.intake.messages import Note

STORED_IMAGES = "1.2.840.10008.5.1.4.1.1."  # the standard's own storage classes (PS3.4 annex B.5)
SECONDARY_CAPTURE = STORED_IMAGES + "7"  # and its multi-frame forms
UNSPECIFIED = "US"
MIN_RANGE_HU = 100  # what lies closer together holds no two tissues
HU_NAMES = ("HU", "H.U.", "HOUNSFIELD", "HOUNSFIELD UNIT", "HOUNSFIELD UNITS")
CODES = ("CodeValue", "LongCodeValue", "URNCodeValue")
HU_CODES = ("[hnsf'U]", "HU", "Hounsfield")  # UCUM, and what files write instead


def reason_against_hu(
    dataset: Dataset, groups: Sequence[Dataset], transform: pixels.Rescale | pixels.LookupTable | None, unit: str
) -> Note | None:
    """Find why the values of a grey CT image are not Hounsfield units; None where they are.

    `transform` and `unit` are those of the modality transformation (Rescale Type, PS3.3 C.11.1.1.2).
    """
    kinds = image_type(dataset, groups)
    kind = kind_of(kinds)
    stored_as = header.sop_class(dataset)
    if _is_of(stored_as, SECONDARY_CAPTURE) or kind == "screen":
        return Note.SCREEN
    if stored_as.startswith(STORED_IMAGES) and not _is_of(stored_as, header.CT_IMAGES):
        return Note.OTHER_CLASS
    if kind == "map":
        return Note.COMPUTED_MAP
    if transform is None:
        return Note.NO_RESCALE
    if unit not in ("", UNSPECIFIED, *HU_NAMES):
        return Note.NOT_HU
    if unit == UNSPECIFIED and not keeps_hounsfield_units(kinds):
        return Note.COMPUTED_MAP
    if header.text(dataset, "Units").upper() not in ("", *HU_NAMES) or _has_other_unit(dataset, groups):
        return Note.OTHER_UNIT
    if unit not in HU_NAMES and _is_eight_bit_grey(dataset, transform):
        return Note.GREY_LEVELS
    if _is_fraction(dataset, transform):
        return Note.NOT_HU
    return None


def _is_of(sop_class: str, of: str) -> bool:
    return sop_class == of or sop_class.startswith(f"{of}.")


def _has_other_unit(dataset: Dataset, groups: Sequence[Dataset]) -> bool:
    """Whether the real-world values (PS3.3 C.7.6.16.2.11) have units, and none of them is the Hounsfield unit."""
    codes = []
    for place in (*groups, dataset):
        for mapping in header.items(place, "RealWorldValueMappingSequence"):
            for unit in header.items(mapping, "MeasurementUnitsCodeSequence"):
                codes += [next((code for keyword in CODES if (code := header.text(unit, keyword))), "")]
    return any(codes) and not any(code in HU_CODES for code in codes)


def _is_fraction(dataset: Dataset, transform: pixels.Rescale | pixels.LookupTable) -> bool:
    """Whether all that the stored bits can hold lies closer together than fat and muscle do: attenuation in 1/cm."""
    bits = header.integer(dataset, "BitsStored")
    return bits is not None and isinstance(transform, pixels.Rescale) and abs(transform.slope) * 2**bits < MIN_RANGE_HU


def _is_eight_bit_grey(dataset: Dataset, transform: pixels.Rescale | pixels.LookupTable) -> bool:
    """Whether eight bits are stored as they are: grey levels, since neither air nor bone fits between 0 and 255."""
    bits = header.integer(dataset, "BitsStored")
    return bits is not None and bits <= 8 and transform == pixels.Rescale()
