"""When values are Hounsfield units, and what is said where they are not."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import SecondaryCaptureImageStorage

from tools.intake.dicom.decode import decode_file
from tools.intake.intake import intake_limits
from tools.intake.messages import Note
from tools.intake.sources import Budget
from tools.settings import Settings

LIMITS = intake_limits(Settings())
DERIVED = ["DERIVED", "SECONDARY", "AXIAL"]


def decode(data: bytes):
    return list(decode_file(data, 1, Budget(LIMITS)))


def in_unit(code: str) -> list[Dataset]:
    unit, mapping = Dataset(), Dataset()
    unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = code, "UCUM", "a unit"
    mapping.MeasurementUnitsCodeSequence = [unit]
    return [mapping]


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"RescaleType": "HU"},
        {"RescaleType": "US"},
        {"RescaleType": "US", "ImageType": [*DERIVED, "MPR"]},
        {"ImageType": [*DERIVED, "MIP"]},
        {"ImageType": ["DERIVED", "PRIMARY", "VOLUME", "VMI"], "RescaleType": "HU"},
        {"ImageType": None},
        {"RealWorldValueMappingSequence": in_unit("[hnsf'U]")},
        {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2.1"},
    ],
)
def test_hounsfield_units(make_ct, to_bytes, elements):
    [(record, _)] = decode(to_bytes(make_ct(**elements)))

    assert record.dtype == "int16"
    assert not set(record.notes) - {Note.LOCALIZER, Note.VIRTUAL}


@pytest.mark.parametrize(
    ("elements", "note"),
    [
        ({"SOPClassUID": SecondaryCaptureImageStorage}, Note.SCREEN),
        ({"SOPClassUID": SecondaryCaptureImageStorage, "RescaleType": "HU"}, Note.SCREEN),
        ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"], "RescaleType": "HU"}, Note.SCREEN),
        ({"ImageType": [*DERIVED, "DOSE REPORT"]}, Note.SCREEN),
        ({"ImageType": [*DERIVED, "CBV"], "RescaleType": "HU"}, Note.COMPUTED_MAP),
        ({"ImageType": [*DERIVED, "MTT"], "RescaleType": "US"}, Note.COMPUTED_MAP),
        ({"ImageType": [*DERIVED, "SOMETHING NEW"], "RescaleType": "US"}, Note.COMPUTED_MAP),
        ({"ImageType": ["DERIVED", "PRIMARY", "VOLUME", "MAT_SPECIFIC"]}, Note.COMPUTED_MAP),
        ({"RescaleType": "MGML"}, Note.NOT_HU),
        ({"RescaleType": "Z_EFF"}, Note.NOT_HU),
        ({"RescaleSlope": None}, Note.NO_RESCALE),
        ({"RealWorldValueMappingSequence": in_unit("ml/100ml/s")}, Note.OTHER_UNIT),
    ],
)
def test_other_values_and_why(make_ct, to_bytes, elements, note):
    [(record, _)] = decode(to_bytes(make_ct(**elements)))

    assert record.dtype == "float32"
    assert note in record.notes


def test_eight_bits_without_a_scale_are_grey_levels(make_ct, to_bytes):
    grey = np.arange(120, dtype=np.uint8).reshape(12, 10)
    [(plain, _)] = decode(to_bytes(make_ct(grey, RescaleIntercept=0)))
    [(scaled, image)] = decode(to_bytes(make_ct(grey, RescaleSlope=2, RescaleIntercept=-160)))

    assert (plain.dtype, plain.notes) == ("float32", (Note.GREY_LEVELS,))
    assert (scaled.dtype, image[0, 5]) == ("int16", -150)


# --- padding ---


def padded_ct(make_ct, value: int, where: np.ndarray, inside: int = 1064, **elements):
    stored = np.full(where.shape, inside, np.uint16)
    stored[where] = value
    dataset = make_ct(stored, **elements)
    dataset.add_new("PixelPaddingValue", "US", value)
    return dataset


def outside(side: int = 64) -> np.ndarray:
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    return x**2 + y**2 > (side / 2 - 1) ** 2


@pytest.mark.parametrize("value", [63536, 0xF000, 65535])
def test_padding_beyond_the_stored_bits_is_air(make_ct, to_bytes, value):
    dataset = padded_ct(make_ct, value, outside(), BitsStored=12, HighBit=11)

    [(record, image)] = decode(to_bytes(dataset))

    assert set(image[outside()]) == {-1024}
    assert set(image[~outside()]) == {40}
    assert record.notes == ()


def test_a_padding_value_of_water_is_believed_around_the_patient_and_not_within(make_ct, to_bytes):
    where = outside()
    cyst = np.zeros_like(where)
    cyst[28:36, 28:36] = True

    [(record, image)] = decode(to_bytes(padded_ct(make_ct, 1024, where | cyst)))

    assert set(image[where]) == {-1024}
    assert set(image[cyst]) == {0}
    assert record.notes == ()


def test_a_padding_value_that_is_tissue_is_ignored_and_said(make_ct, to_bytes):
    noise = np.random.default_rng(3).normal(0, 8, (64, 64)).round() == 0

    [(record, image)] = decode(to_bytes(padded_ct(make_ct, 1024, noise)))

    assert set(image[noise]) == {0}
    assert record.notes == (Note.PADDING_IGNORED,)
