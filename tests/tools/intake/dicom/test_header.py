import numpy as np
import pytest
from pydicom.dataset import Dataset

from tools.intake.dicom.decode import decode_file
from tools.intake.intake import intake_limits
from tools.intake.messages import Reason
from tools.intake.sources import Budget, LeftOutError
from tools.settings import Settings

LIMITS = intake_limits(Settings())


def decode(data: bytes):
    return list(decode_file(data, 1, Budget(LIMITS)))


def test_ages_come_from_the_age_or_the_dates_and_stop_at_90(make_ct, to_bytes):
    def age(**elements) -> int | None:
        return decode(to_bytes(make_ct(**elements)))[0][0].age_years

    assert age(PatientAge="045Y") == 45
    assert age(PatientAge="018M") == 1
    assert age(PatientAge="099Y") == 90
    assert age(PatientAge="000Y") is None
    assert age(PatientBirthDate="19600615", StudyDate="20200614") == 59
    assert age(PatientBirthDate="20300615", StudyDate="20200614") is None
    assert age(PatientAge="45 Y") == 45
    assert age(PatientAge="006M") == 0
    assert age(PatientAge="999Y") is None
    assert age(PatientAge="999Y", PatientBirthDate="19600615", StudyDate="20200614") == 59
    assert age(PatientBirthDate="19000101", StudyDate="19950101") is None
    assert age(PatientBirthDate="18500101", StudyDate="20200101") is None
    assert age(PatientBirthDate="19500101", StudyDate="21870101") is None
    assert age(PatientBirthDate="19500101", AcquisitionDate="20200102") == 70
    assert age(PatientBirthDate="19500101", StudyDate="", SeriesDate="20200102") == 70


def test_facts_come_from_closed_lists_only(make_ct, to_bytes):
    known = make_ct(BodyPartExamined="chest ", PatientSex="F", KVP=120, ContrastBolusAgent="Secret brand 300")
    known.add_new(0x0008001C, "CS", "YES")
    unknown = make_ct(BodyPartExamined="MR SMITHS CHEST", PatientSex="Q", KVP=9999, Modality="SECRET")

    [(record, _)] = decode(to_bytes(known))
    assert (record.body_part, record.sex, record.kvp, record.contrast, record.synthetic) == (
        "chest",
        "F",
        120,
        True,
        True,
    )
    [(record, _)] = decode(to_bytes(unknown))
    assert (record.body_part, record.sex, record.kvp, record.contrast, record.modality) == (
        None,
        None,
        None,
        None,
        "OT",
    )


def test_a_body_part_is_understood_in_other_languages_and_in_codes(make_ct, to_bytes):
    def body_part(**elements) -> str | None:
        return decode(to_bytes(make_ct(**elements)))[0][0].body_part

    def region(code: str, scheme: str) -> list[Dataset]:
        item = Dataset()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, scheme, "Text that goes no further"
        return [item]

    assert body_part(BodyPartExamined="KOPF") == "head"
    assert body_part(BodyPartExamined="TORACE ") == "chest"
    assert body_part(AnatomicRegionSequence=region("T-D4000", "SRT")) == "abdomen"
    assert body_part(BodyPartExamined="ROUTINE", AnatomicRegionSequence=region("12921003", "SCT")) == "pelvis"
    assert body_part(BodyPartExamined="CHEST", AnatomicRegionSequence=region("69536005", "SCT")) == "chest"
    assert body_part(BodyPartExamined="", AnatomicRegionSequence=region("X-1", "99LOCAL")) is None


def test_the_region_of_a_multi_frame_object_stands_in_its_functional_groups(make_ct, to_bytes):
    code, anatomy, group = Dataset(), Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator = "45048000", "SCT"
    anatomy.AnatomicRegionSequence = [code]
    group.FrameAnatomySequence = [anatomy]
    frames = make_ct(np.zeros((2, 12, 10), dtype=np.int16), SharedFunctionalGroupsSequence=[group])
    assert [record.body_part for record, _ in decode(to_bytes(frames))] == ["neck", "neck"]


@pytest.mark.parametrize("pair", [[0, 0.7], [-1, 0.7], [0.7, 4000]])
def test_spacing_that_cannot_be_true_is_not_believed(make_ct, to_bytes, pair):
    [(record, _)] = decode(to_bytes(make_ct(PixelSpacing=pair)))

    assert record.row_spacing_mm is record.column_spacing_mm is None


@pytest.mark.parametrize(("pair", "believed"), [([0.07, 0.07], False), ([7, 7], False), ([0.1, 0.1], True)])
def test_spacing_that_gives_a_picture_of_no_patient_is_not_believed(make_ct, to_bytes, pair, believed):
    [(record, _)] = decode(to_bytes(make_ct(np.zeros((512, 512), np.int16), PixelSpacing=pair)))  # 0.7 mm in cm, and 70

    assert record.row_spacing_mm == (pair[0] if believed else None)


def test_the_first_of_several_windows_is_taken(make_ct, to_bytes):
    [(record, _)] = decode(to_bytes(make_ct(WindowCenter=[40, -600], WindowWidth=[400, 1500])))

    assert (record.window_center, record.window_width) == (40, 400)


def with_text(dataset, **elements: str):
    """The data set with elements written as text, as some exports do it; `\\` parts values."""
    for keyword, text in elements.items():
        dataset.pop(keyword, None)
        dataset.add_new(keyword, "LO", text)
    return dataset


def test_decimal_commas_are_read(make_ct, to_bytes):
    dataset = with_text(
        make_ct(np.full((4, 4), 1000, np.int16)),
        PixelSpacing="0,8\\0,75",
        ImagePositionPatient="-64,000\\-60,500\\-1000,25",
        ImageOrientationPatient="1,000\\0,000\\0,000\\0,000\\1,000\\0,000",
        SliceThickness="2,500",
        RescaleSlope="1,000",
        RescaleIntercept="-1024,0",
        KVP="120,0",
    )
    [(record, pixels)] = decode(to_bytes(dataset))

    assert (record.row_spacing_mm, record.column_spacing_mm) == (0.8, 0.75)
    assert record.position_mm == (-64, -60.5, -1000.25)
    assert (record.row_direction, record.column_direction) == ((1, 0, 0), (0, 1, 0))
    assert (record.slice_thickness_mm, record.kvp) == (2.5, 120)
    assert (pixels == -24).all()


@pytest.mark.parametrize("intercept", ["-1,024", "-1.024,5", "1,0,2"])
def test_a_comma_that_may_part_thousands_is_not_guessed(make_ct, to_bytes, intercept):
    dataset = with_text(make_ct(), RescaleIntercept=intercept)

    with pytest.raises(LeftOutError) as caught:
        decode(to_bytes(dataset))
    assert caught.value.reason is Reason.BAD_RESCALE
