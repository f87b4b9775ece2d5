"""What real uploads do wrong with series, examinations and patients, read end to end: what belongs together, what comes
first, and what is said of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedCTImageStorage

from tests.tools.intake.uploads import SLICES, as_text, ball, scan, to_bytes, understood, upload
from tools.domain.patient_keys import PatientKeys
from tools.domain.study import Study
from tools.intake.explanations import NOTES
from tools.intake.intake import open_study, read_study
from tools.intake.messages import Note
from tools.intake.patients import CONTRADICTION, FILLED, NO_NUMBERS

FIRST, SECOND = ball(noise=8), ball(250, 90, noise=8)
ONE = [(SLICES, "HU", 150)]
TWO = [(SLICES, "HU", 150), (SLICES, "HU", 250)]
JOINED, ONE_PLACE = NOTES[Note.JOINED], NOTES[Note.ONE_PLACE]
Scans = list[list[Dataset]]


def read(folder: Path, keys: PatientKeys, scans: Scans, seed: int = 0) -> Study:
    return read_study(upload(folder / "upload", *scans, seed=seed), keys)


def each(**elements: Callable[[int], Any]) -> Callable[[Dataset, int], None]:
    """A change that gives slice k the values of these functions; None removes an element."""

    def change(d: Dataset, k: int) -> None:
        for keyword, value in elements.items():
            if value(k) is None:
                del d[keyword]
            else:
                setattr(d, keyword, value(k))

    return change


def uids(prefix: str) -> Callable[[int], str]:
    return lambda k: f"1.2.840.{prefix}.{k + 1}"


# -- phases and passes -------------------------------------------------------------------------------------------------

TOLD_APART: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "temporal position": ({"TemporalPositionIdentifier": 1}, {"TemporalPositionIdentifier": 2}),
    "temporal index": ({"TemporalPositionIndex": 1}, {"TemporalPositionIndex": 2}),
    "cardiac phase": ({"NominalPercentageOfCardiacPhase": 40}, {"NominalPercentageOfCardiacPhase": 75}),
    "acquisition time": ({"AcquisitionTime": "101500"}, {"AcquisitionTime": "101530"}),
    "content time": ({"ContentTime": "1015"}, {"ContentTime": "1016"}),
    "series time": ({"SeriesTime": "101500"}, {"SeriesTime": "101600"}),
    "study time": ({"StudyTime": "101500"}, {"StudyTime": "111600"}),
    "series number": ({"SeriesNumber": 2}, {"SeriesNumber": 3}),
    "description": ({"SeriesDescription": "ART"}, {"SeriesDescription": "VEN"}),
    "contrast": ({}, {"ContrastBolusAgent": "IOMERON"}),
    "filter": ({"FilterType": "BODY"}, {"FilterType": "HEAD"}),
    "tube current": ({"XRayTubeCurrent": 100}, {"XRayTubeCurrent": 300}),
    "event": ({"IrradiationEventUID": "1.2.1"}, {"IrradiationEventUID": "1.2.2"}),
    "kernel": ({"ConvolutionKernel": "B30f"}, {"ConvolutionKernel": "B70f"}),
    "energy": ({"KVP": 80}, {"KVP": 140}),
    "thickness": ({"SliceThickness": 2}, {"SliceThickness": 5}),
    "circle": ({"ReconstructionDiameter": 300}, {"ReconstructionDiameter": 400}),
    "another field of view": ({}, {"change": each(ImagePositionPatient=lambda k: [-20, -32, -100 + 2 * k])}),
    "frame of reference": ({}, {"FrameOfReferenceUID": "1.2.3.10"}),
    "up and down": (
        {"change": each(AcquisitionTime=lambda k: f"1015{k:02d}")},
        {"change": each(AcquisitionTime=lambda k: f"1015{41 - k:02d}")},
    ),
    "numbers in turn": (
        {"change": each(InstanceNumber=lambda k: 2 * k + 1)}, {"change": each(InstanceNumber=lambda k: 2 * k + 2)},
    ),
    "numbers backwards": ({}, {"change": each(InstanceNumber=lambda k: 2 * SLICES - k)}),
    "half a step further": ({}, {"start_mm": -99.0, "change": each(InstanceNumber=lambda k: SLICES + 1 + k)}),
    "half a step later": (
        {"change": each(ContentTime=lambda k: f"1015{k:02d}")},
        {"start_mm": -99.0, "change": each(ContentTime=lambda k: f"1025{k:02d}")},
    ),
    "half a step of another frame": ({}, {"start_mm": -99.0, "FrameOfReferenceUID": "1.2.3.10"}),
    "half a step of thin slices": (
        {"SliceThickness": 0.5}, {"SliceThickness": 0.5, "start_mm": -99.0, "AcquisitionNumber": 2},
    ),
    "half a step of a stated gap": (
        {"SliceThickness": 1, "SpacingBetweenSlices": 2},
        {"SliceThickness": 1, "SpacingBetweenSlices": 2, "start_mm": -99.0, "AcquisitionNumber": 2},
    ),
    "half a step of unknown thickness": (
        {"SliceThickness": None}, {"SliceThickness": None, "start_mm": -99.0, "AcquisitionNumber": 2},
    ),
    "a third of the places": ({}, {"start_mm": -100 + 2 * (SLICES - 4), "AcquisitionNumber": 2}),
    "half a step of another pass": ({}, {"start_mm": -99.0, "AcquisitionNumber": 2}),
}  # fmt: skip


@pytest.mark.parametrize(("first", "second"), TOLD_APART.values(), ids=TOLD_APART)
def test_phases_of_one_series_are_two_series(tmp_path, keys, first, second):
    study = read(tmp_path, keys, [scan(FIRST, **first), scan(SECOND, **second)])

    assert sorted(understood(study)) == TWO
    assert all(series.warnings == () for series in study.series)


def test_images_that_wait_for_contrast_are_a_series_of_their_own(tmp_path, keys):
    waiting = each(ImagePositionPatient=lambda k: [-32, -32, -90], AcquisitionTime=lambda k: f"1000{k:02d}")

    study = read(tmp_path, keys, [scan(FIRST), scan(ball(180, 60, slices=30), waiting, SliceThickness=10)])

    assert understood(study) == [(SLICES, "HU", 150), (30, "HU", 180)]
    assert [series.warnings for series in study.series] == [(), (ONE_PLACE,)]


def test_three_phases_are_numbered_in_time(tmp_path, keys):
    times = {"101500": ball(150), "101530": ball(250), "101430": ball(90)}

    study = read(tmp_path, keys, [scan(volume, AcquisitionTime=time) for time, volume in times.items()])

    assert [mean for _, _, mean in understood(study)] == [90, 150, 250]
    assert [(s.facts.phase_part, s.facts.phase_parts) for s in study.series] == [(1, 3), (2, 3), (3, 3)]


def test_what_nothing_tells_apart_is_said_whatever_the_files_are_called(tmp_path, keys):
    same = each(SOPInstanceUID=uids("7"))  # equal identifiers and different pixels
    for seed in (1, 2):
        study = read(tmp_path / str(seed), keys, [scan(FIRST, same), scan(SECOND, same)], seed=seed)

        assert [slices for slices, _, _ in understood(study)] == [SLICES, SLICES]
        assert all(series.warnings == (NOTES[Note.UNCLEAR_ORDER],) for series in study.series)


MIP = {"ImageType": ["DERIVED", "SECONDARY", "AXIAL", "MIP"]}


@pytest.mark.parametrize(
    ("elements", "kind"),
    [
        (MIP | {"start_mm": -99.0, "SliceThickness": 10}, "mip"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "MIP"], "start_mm": -99.0}, "mip"),
        ({"ImageType": ["DERIVED", "SECONDARY", "MINIP"]}, "mip"),
        ({"ImageType": ["DERIVED", "SECONDARY", "AXIAL", "AVERAGE"]}, "average"),
    ],
    ids=["between", "called original", "same places", "averages"],
)
def test_projections_among_originals_are_a_series_of_their_own_behind_them(tmp_path, keys, elements, kind):
    study = read(tmp_path, keys, [scan(ball(600, 300), **elements), scan(FIRST)])

    assert understood(study) == [(SLICES, "HU", 150), (SLICES, "HU", 600)]
    assert [series.facts.kind for series in study.series] == ["original", kind]


# -- multi-frame -------------------------------------------------------------------------------------------------------


MACROS = {
    "TemporalPositionTimeOffset": "TemporalPositionSequence",
    "NominalPercentageOfRespiratoryPhase": "RespiratorySynchronizationSequence",
}


def enhanced(frames: list[tuple[np.ndarray, float, dict[str, Any]]], **elements: Any) -> list[Dataset]:
    """An Enhanced CT of (image, place in mm, attributes of Frame Content)."""
    [d] = scan(np.stack([frames[0][0]]))
    for keyword in ("RescaleSlope", "RescaleIntercept", "RescaleType", "PixelSpacing", "SliceThickness"):
        del d[keyword]
    del d.ImageOrientationPatient, d.ImagePositionPatient
    d.SOPClassUID, d.NumberOfFrames = EnhancedCTImageStorage, len(frames)
    d.PixelData = np.stack([image for image, _, _ in frames]).tobytes()
    shared = group("PixelMeasuresSequence", PixelSpacing=[1, 1], SliceThickness=2)
    shared.update(group("PlaneOrientationSequence", ImageOrientationPatient=[1, 0, 0, 0, 1, 0]))
    unit = group("PixelValueTransformationSequence", RescaleIntercept=0, RescaleSlope=1, RescaleType="HU")
    shared.update(unit)
    d.SharedFunctionalGroupsSequence = Sequence([shared])
    own = [group("PlanePositionSequence", ImagePositionPatient=[-32, -32, z]) for _, z, _ in frames]
    for of_frame, (_, _, content) in zip(own, frames, strict=True):
        for keyword, value in content.items():
            of_frame.update(group(MACROS.get(keyword, "FrameContentSequence"), **{keyword: value}))
    d.PerFrameFunctionalGroupsSequence = Sequence(own)
    for keyword, value in elements.items():
        setattr(d, keyword, value)
    return [d]


def group(keyword: str, **elements: Any) -> Dataset:
    item, around = Dataset(), Dataset()
    for name, value in elements.items():
        setattr(item, name, value)
    setattr(around, keyword, Sequence([item]))
    return around


@pytest.mark.parametrize(
    "attribute",
    [
        lambda phase, k: {"FrameAcquisitionDateTime": f"2024031210150{phase}"},
        lambda phase, k: {"FrameReferenceDateTime": f"2024031210150{phase}"},
        lambda phase, k: {"FrameAcquisitionNumber": phase},
        lambda phase, k: {"TemporalPositionIndex": phase},
        lambda phase, k: {"StackID": str(phase)},
        lambda phase, k: {"DimensionIndexValues": [phase, k + 1]},
        lambda phase, k: {"TemporalPositionTimeOffset": float(phase)},
        lambda phase, k: {"NominalPercentageOfRespiratoryPhase": 10.0 * phase},
    ],
    ids=["acquired", "reference", "acquisition", "temporal", "stack", "dimension", "offset", "breath"],
)
def test_frames_of_two_phases_in_one_file_are_two_series(tmp_path, keys, attribute):
    phases = ((1, FIRST), (2, SECOND))
    frames = [(volume[k], 2.0 * k, attribute(phase, k)) for k in range(SLICES) for phase, volume in phases]

    assert understood(read(tmp_path, keys, [enhanced(frames)])) == TWO


@pytest.mark.parametrize("numbers", [(1, 2), (1, 1)])
@pytest.mark.parametrize("placed", [True, False])
def test_a_concatenation_is_one_volume(tmp_path, keys, numbers, placed):
    frames = [(image + k, 2.0 * k, {}) for k, image in enumerate(ball())]
    parts = []
    for part, offset in enumerate((0, 5), start=1):
        [d] = enhanced(frames[offset : 5 if part == 1 else SLICES], InstanceNumber=numbers[part - 1])
        d.InConcatenationNumber, d.ConcatenationFrameOffsetNumber = part, offset
        if not placed:
            for of_frame in d.PerFrameFunctionalGroupsSequence:
                del of_frame.PlanePositionSequence
        parts.append([d])

    [series] = read(tmp_path, keys, parts).series

    volume = np.asarray(series.volume_hu)
    assert [int(np.median(image[28:36, 28:36])) for image in volume] == [150 + k for k in range(SLICES)]
    assert series.image_numbers == tuple(range(1, SLICES + 1))
    assert series.facts.slice_gap_mm == (2.0 if placed else None)


@pytest.mark.parametrize(("position", "said"), [([-32, -32, -100], ONE_PLACE), (None, "do not state their positions")])
def test_frames_of_one_place_are_in_stored_order_and_it_is_said(tmp_path, keys, position, said):
    [d] = scan(FIRST[:1], ImagePositionPatient=position)
    d.NumberOfFrames, d.PixelData = SLICES, FIRST.tobytes()

    study = read(tmp_path, keys, [[d]])

    assert understood(study) == ONE
    assert any(said in warning for warning in study.series[0].warnings)
    assert study.series[0].facts.slice_gap_mm is None


# -- one volume whatever is said ---------------------------------------------------------------------------------------

ONE_VOLUME: dict[str, tuple[Callable[[Dataset, int], None], tuple[str, ...]]] = {
    "acquisition numbers": (each(AcquisitionNumber=lambda k: 100 + k * 7 % SLICES), ()),
    "one image number": (each(InstanceNumber=lambda k: 1), ()),
    "reversed numbers": (each(InstanceNumber=lambda k: SLICES - k), ()),
    "no numbers": (each(InstanceNumber=lambda k: None), ()),
    "one SOP UID": (each(SOPInstanceUID=lambda k: "1.2.3.4.5"), ()),
    "series UIDs": (each(SeriesInstanceUID=uids("5")), (JOINED,)),
    "series UIDs of pairs": (each(SeriesInstanceUID=lambda k: f"1.2.3.{k // 2 + 1}"), (JOINED,)),
    "series UIDs of fours": (each(SeriesInstanceUID=lambda k: f"1.2.3.{k // 4 + 1}"), (JOINED,)),
    "positions in whole mm": (
        each(ImagePositionPatient=lambda k: [-32, -32, round(0.625 * k)], SliceLocation=lambda k: 0.625 * k), (),
    ),
    "and no frame": (each(SeriesInstanceUID=uids("5"), FrameOfReferenceUID=lambda k: None), (JOINED,)),
    "and frames": (each(SeriesInstanceUID=uids("5"), FrameOfReferenceUID=uids("6")), (JOINED,)),
    "and studies": (each(SeriesInstanceUID=uids("5"), StudyInstanceUID=uids("6")), (JOINED,)),
    "no series UID": (each(SeriesInstanceUID=lambda k: None, StudyInstanceUID=lambda k: None), ()),
    "ids missing": (each(PatientID=lambda k: "" if k % 2 else "X-1"), (FILLED,)),
    "one position": (each(ImagePositionPatient=lambda k: [0, 0, 0]), (ONE_PLACE,)),
    "locations only": (each(ImagePositionPatient=lambda k: None, SliceLocation=lambda k: 2.0 * k), ()),
    "positions missing": (
        each(ImagePositionPatient=lambda k: None if k % 2 else [-32, -32, 2.0 * k]), (NOTES[Note.PLACE_INFERRED],),
    ),
    "rounded positions": (each(ImagePositionPatient=lambda k: [-32, -32, round(0.625 * k, 1)]), ()),
    "prone": (
        each(ImageOrientationPatient=lambda k: [-1, 0, 0, 0, -1, 0], ImagePositionPatient=lambda k: [32, 32, 2 * k]),
        (),
    ),
    "decimal commas": (
        lambda d, k: as_text(
            d, PixelSpacing="1,0\\1,0", ImagePositionPatient=f"-32,0\\-32,0\\{2 * k},5", RescaleIntercept="0,0",
            ImageOrientationPatient="1,0\\0,0\\0,0\\0,0\\1,0\\0,0",
        ),
        (),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "said"), ONE_VOLUME.values(), ids=ONE_VOLUME)
def test_one_volume_stays_one(tmp_path, keys, change, said):
    study = read(tmp_path, keys, [scan(FIRST, change)])

    assert understood(study) == ONE
    [series] = study.series
    assert series.warnings == said
    assert (series.facts.row_spacing_mm, series.facts.column_spacing_mm) == (1.0, 1.0)


def test_slices_of_series_of_their_own_are_joined_though_one_is_missing(tmp_path, keys):
    slices = scan(FIRST, each(SeriesInstanceUID=uids("5"), FrameOfReferenceUID=lambda k: None))

    [series] = read(tmp_path, keys, [slices[:4] + slices[5:]]).series

    assert series.facts.slices == SLICES - 1
    assert JOINED in series.warnings
    assert any("uneven" in warning for warning in series.warnings)


def test_slices_without_number_and_place_are_in_stored_order_and_it_is_said(tmp_path, keys):
    rising = (FIRST + 10 * np.arange(SLICES)[:, None, None]).astype(np.int16)
    slices = scan(rising, ImagePositionPatient=None, InstanceNumber=None, SOPInstanceUID="1.2.3.4.5")
    folder = tmp_path / "upload"
    folder.mkdir()
    for k, d in enumerate(slices):
        (folder / f"{k:03d}").write_bytes(to_bytes(d))

    [series] = read_study(folder, keys).series

    assert (np.diff(np.median(np.asarray(series.volume_hu)[:, 28:36, 28:36], axis=(1, 2))) > 0).all()
    assert series.warnings == (NOTES[Note.STORED_ORDER],)


def test_lossless_and_lossy_copies_are_told_apart(tmp_path, keys):
    lossy = scan(SECOND, LossyImageCompression="01", LossyImageCompressionRatio=10)

    study = read(tmp_path, keys, [scan(FIRST), lossy])

    assert sorted(understood(study)) == TWO
    assert {s.facts.lossy: s.facts.lossy_ratio for s in study.series} == {False: None, True: 10}


def test_two_phases_with_a_series_for_each_slice_are_joined_apart(tmp_path, keys):
    first, second = (
        scan(volume, each(SeriesInstanceUID=uids(f"5.{n}")), AcquisitionNumber=n)
        for n, volume in enumerate((FIRST, SECOND), start=1)
    )

    assert understood(read(tmp_path, keys, [first, second])) == TWO


@pytest.mark.parametrize("change", [None, each(SOPInstanceUID=uids("8"))], ids=["same", "sent again"])
def test_copies_count_once(tmp_path, keys, change):
    again = scan(FIRST, change) if change else None
    first = scan(FIRST)

    study = read(tmp_path, keys, [first, again or first])

    assert understood(study) == ONE
    assert "already" in study.skipped[0]


def test_two_scans_that_touch_at_one_slice_stay_one_volume(tmp_path, keys):
    touching = {"start_mm": -100.0 + 2 * (SLICES - 1), "AcquisitionNumber": 3}

    found = understood(read(tmp_path, keys, [scan(FIRST), scan(SECOND, **touching)]))

    assert sorted(slices for slices, _, _ in found) == [1, 2 * SLICES - 1]


@pytest.mark.parametrize(
    ("elements", "spacing"),
    [
        ({"PixelSpacing": [0.5, 1.0]}, (0.5, 1.0)),
        ({"ReconstructionDiameter": 32}, (1.0, 1.0)),
        ({"PixelSpacing": None, "ReconstructionDiameter": 64, "ImagerPixelSpacing": [0.6, 0.6]}, (None, None)),
        ({"PixelSpacing": [0, 0]}, (None, None)),
    ],
)
def test_only_the_spacing_in_the_patient_counts(tmp_path, keys, elements, spacing):
    facts = read(tmp_path, keys, [scan(FIRST, **elements)]).series[0].facts

    assert (facts.row_spacing_mm, facts.column_spacing_mm) == spacing


# -- examinations and planes -------------------------------------------------------------------------------------------


def examination(volume: np.ndarray, number: int, **elements: Any) -> list[Dataset]:
    own = {f"{level}InstanceUID": f"1.2.{number}.{level == 'Series':d}" for level in ("Study", "Series")}
    return scan(volume, **{**own, "FrameOfReferenceUID": f"1.9.{number}", "PatientAge": None, **elements})


@pytest.mark.parametrize(
    ("prior", "current", "years"),
    [
        ({"StudyDate": "20180101"}, {"StudyDate": "20240312"}, 6.19),
        ({"StudyDate": None, "SeriesDate": "20180101"}, {"StudyDate": None, "SeriesDate": "20240312"}, 6.19),
        ({"StudyDate": None, "AcquisitionDate": "20180101"}, {"StudyDate": None, "ContentDate": "20240312"}, 6.19),
        ({"StudyDate": "20180101", "StudyInstanceUID": "1.2"}, {"StudyInstanceUID": "1.2"}, 6.19),
        ({"StudyTime": "0800"}, {"StudyTime": "1800"}, None),
        ({"StudyDate": None}, {}, None),
    ],
    ids=["dates", "series dates", "image dates", "one study UID", "one day", "undated"],
)
def test_the_newest_examination_comes_first(tmp_path, keys, prior, current, years):
    prior_scan = examination(ball(250, slices=2 * SLICES), 1, **prior)

    study = read(tmp_path, keys, [prior_scan, examination(FIRST, 2, **current)])

    assert understood(study) == [(SLICES, "HU", 150), (2 * SLICES, "HU", 250)]
    assert [s.facts.years_before_newest for s in study.series] == ([None, None] if years is None else [0.0, years])


@pytest.mark.parametrize(
    ("beside", "plane", "kind"),
    [
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, "coronal", "original"),
        ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, "sagittal", "original"),
        ({"ImageType": ["DERIVED", "SECONDARY", "REFORMATTED"]}, "axial", "derived"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "axial", "localizer"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "axial", "screen"),
    ],
)
def test_axial_body_images_come_before_all_else(tmp_path, keys, beside, plane, kind):
    def away(d: Dataset, k: int) -> None:
        d.ImagePositionPatient = [2.0 * k, 2.0 * k, 2.0 * k]  # along every normal

    other = scan(ball(slices=3 * SLICES), away, **{"SeriesInstanceUID": "1.2.3.7", **beside})

    first, second = read(tmp_path, keys, [other, scan(FIRST)]).series

    assert (first.facts.slices, first.facts.plane, first.facts.kind) == (SLICES, "axial", "original")
    assert (second.facts.plane, second.facts.kind) == (plane, kind)
    assert any("atlas" in warning for warning in second.warnings) == (plane != "axial")


# -- patients ----------------------------------------------------------------------------------------------------------


def test_one_number_of_two_hospitals_is_two_people(tmp_path, keys):
    first = examination(ball(slices=SLICES + 1), 1, IssuerOfPatientID="NORTH")

    study = read(tmp_path, keys, [first, examination(SECOND, 2, IssuerOfPatientID="SOUTH")])

    assert understood(study) == [(SLICES + 1, "HU", 150)]


@pytest.mark.parametrize("number", ["", "0", "ANON", "NA", "Anonymized^Patient", "INCONNU", "123456"])
@pytest.mark.parametrize("facts", [{"PatientSex": "M"}, {"PatientAge": "071Y"}, {"PatientBirthDate": "19300101"}])
def test_people_without_a_number_are_told_apart(tmp_path, keys, number, facts):
    first = examination(ball(slices=SLICES + 1), 1, PatientID=number, PatientAge="034Y")
    second = examination(SECOND, 2, **{"PatientID": number, "PatientAge": "034Y", **facts})

    study = read(tmp_path, keys, [first, second])

    assert understood(study) == [(SLICES + 1, "HU", 150)]
    assert "not of the same patient" in study.skipped[0]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (
            {"PatientID": "ANONYMOUS", "PatientAge": "052Y"},
            {"PatientID": "ANONYMOUS", "PatientAge": "052Y"},
            NO_NUMBERS,
        ),
        ({"PatientID": "77123"}, {"PatientID": "77123", "PatientSex": "M"}, CONTRADICTION),
        ({"PatientID": "77123", "PatientAge": "052Y"}, {"PatientID": "", "PatientAge": "052Y"}, NO_NUMBERS),
    ],
    ids=["placeholder", "another sex", "half numbered"],
)
def test_whose_examinations_they_are_is_said_where_it_is_not_sure(tmp_path, keys, first, second, said):
    study = read(tmp_path, keys, [examination(FIRST, 1, **first), examination(SECOND, 2, **second)])

    assert sorted(understood(study)) == TWO
    assert all(said in series.warnings for series in study.series)


def test_a_page_that_opens_on_headers_reads_the_same(tmp_path, keys):
    long, other = ball(slices=30, noise=8), ball(250, 90, slices=30, noise=8)
    folder = upload(tmp_path / "upload", scan(long, SeriesDescription="a"), scan(other, SeriesDescription="b"))

    study = open_study(folder, keys)

    assert sorted(understood(study)) == [(30, "HU", 150), (30, "HU", 250)]
    study.stop_loading()
