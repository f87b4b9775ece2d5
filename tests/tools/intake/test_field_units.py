"""What real uploads do wrong with values, facts and files, read end to end: what is HU, what is said, what is left
out."""

import tarfile
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import JPEG2000, JPEG2000Lossless, JPEGLSLossless, JPEGLSNearLossless, RLELossless

from tests.tools.intake.uploads import SIDE, SLICES, as_text, ball, scan, stored, to_bytes, understood, upload
from tools.intake.explanations import NOTES
from tools.intake.intake import IntakeError, read_study
from tools.intake.messages import Note

VOLUME = ball(noise=8)
IN_HU = [(SLICES, "HU", 150)]
Change = Callable[[Dataset, int], None]


def saved(
    values: NDArray[Any], dtype: type, slope: float = 1.0, intercept: float = 0.0, bits: int | None = None
) -> Change:
    """Store HU as slope and intercept say."""

    def change(d: Dataset, k: int) -> None:
        numbers = np.rint((values[k].astype(float) - intercept) / slope)
        stored(d, numbers.astype(dtype), signed=np.issubdtype(dtype, np.signedinteger), bits=bits)
        d.RescaleSlope, d.RescaleIntercept = slope, intercept

    return change


def as_values(values: NDArray[Any]) -> Change:
    """Store these values as if they were HU."""
    return lambda d, k: stored(d, values[k].astype(np.int16), signed=True)


def only(slices: range, change: Change) -> Change:
    return lambda d, k: change(d, k) if k in slices else None


def described(**elements: Any) -> Change:
    def change(d: Dataset, k: int) -> None:
        for keyword, value in elements.items():
            setattr(d, keyword, value)

    return change


WIDE = VOLUME.astype(np.int32)
GREY = ((WIDE + 160) * 255 // 400).clip(0, 255)
WATER = np.rint(np.random.default_rng(3).normal(0, 8, VOLUME.shape)).astype(np.int16)

# -- Hounsfield units --------------------------------------------------------------------------------------------------

STILL_HU: dict[str, Change] = {
    "unsigned": saved(WIDE, np.uint16, intercept=-1024),
    "a tenth": saved(WIDE, np.uint16, slope=0.1, intercept=-1024),
    "negative slope": saved(WIDE, np.int16, slope=-1),
    "twelve bits": saved(WIDE, np.uint16, intercept=-1024, bits=12),
    "another slope in one slice": only(range(5, 6), saved(WIDE, np.int16, slope=2)),
    "another intercept in one slice": only(range(5, 6), saved(WIDE, np.uint16, intercept=-1024)),
    "wrong sign flag": described(PixelRepresentation=0),
    "wrong sign flag in every other slice": lambda d, k: setattr(d, "PixelRepresentation", k % 2),
    "unspecified unit": described(RescaleType="US"),
    "unspecified unit, reformatted": described(RescaleType="US", ImageType=["DERIVED", "SECONDARY", "AXIAL"]),
    "spelled out": described(RescaleType="HOUNSFIELD"),
    "no modality": lambda d, k: d.pop("Modality"),
    "shown inverted": described(PhotometricInterpretation="MONOCHROME1"),
}


@pytest.mark.parametrize("change", STILL_HU.values(), ids=STILL_HU)
def test_hounsfield_units_are_read_however_they_are_stored(tmp_path, keys, change):
    study = read_study(upload(tmp_path / "upload", scan(VOLUME, change)), keys)

    assert understood(study) == IN_HU
    assert study.series[0].warnings == ()


def a_table_without_signs(d: Dataset, k: int) -> None:
    stored(d, (WIDE[k] + 1100).astype(np.uint16), bits=12)
    table = Dataset()
    table.add_new("LUTDescriptor", "US", [4096, 0, 16])
    table.add_new("LUTData", "OW", (np.arange(4096) - 1100).astype(np.int16).tobytes())
    table.ModalityLUTType = "HU"
    d.ModalityLUTSequence = [table]
    for keyword in ("RescaleSlope", "RescaleIntercept", "RescaleType"):
        del d[keyword]


def in_milligrams(d: Dataset, k: int) -> None:
    unit, mapping = Dataset(), Dataset()
    unit.URNCodeValue, unit.CodeMeaning = "urn:oid:1.2.3.4", "mg/ml"
    mapping.MeasurementUnitsCodeSequence = [unit]
    d.RealWorldValueMappingSequence = [mapping]


NOT_HU: dict[str, tuple[Change, Note]] = {
    "by 1024": (as_values(WIDE + 1024), Note.NO_AIR),
    "by 1024, no rescale type": (lambda d, k: (as_values(WIDE + 1024)(d, k), d.pop("RescaleType"))[0], Note.NO_AIR),
    "by -1024": (as_values(WIDE - 1024), Note.NO_TISSUE),
    "by -1024 in the intercept": (described(RescaleIntercept=-1024), Note.NO_TISSUE),
    "by 1024, filling the field": (as_values(WATER + 1074), Note.NO_TISSUE),
    "half of the slices": (only(range(6, SLICES), as_values(WIDE + 1024)), Note.SOME_SLICES),
    "one slice": (only(range(5, 6), as_values(WIDE + 1024)), Note.SOME_SLICES),
    "inverted": (as_values(-WIDE), Note.NO_AIR),
    "halved": (as_values(WIDE // 2), Note.NO_AIR),
    "0 to 1000": (as_values((WIDE + 1000) * 5 // 7), Note.NO_AIR),
    "grey in 16 bits": (as_values(GREY), Note.NO_AIR),
    "grey in 8 bits, called HU": (lambda d, k: stored(d, GREY[k].astype(np.uint8)), Note.NO_AIR),
    "by -1024 in one slice": (only(range(5, 6), as_values(WIDE - 1024)), Note.SOME_SLICES),
    "a table without signs": (a_table_without_signs, Note.WRAPPED),
    "stored as PET": (described(SOPClassUID="1.2.840.10008.5.1.4.1.1.128"), Note.OTHER_CLASS),
    "stored as MR": (described(SOPClassUID="1.2.840.10008.5.1.4.1.1.4"), Note.OTHER_CLASS),
    "activity": (described(Units="BQML"), Note.OTHER_UNIT),
    "a unit by its URN": (in_milligrams, Note.OTHER_UNIT),
    "protocol": (described(ImageType=["ORIGINAL", "PRIMARY", "OTHER", "CT_SOM5 PROT"]), Note.SCREEN),
    "lung perfusion": (described(ImageType=["DERIVED", "PRIMARY", "AXIAL", "DE_LUNGPBV"]), Note.COMPUTED_MAP),
    "secondary capture": (described(SOPClassUID="1.2.840.10008.5.1.4.1.1.7"), Note.SCREEN),
    "dose report": (described(ImageType=["DERIVED", "SECONDARY", "SCREEN SAVE"]), Note.SCREEN),
    "perfusion": (described(RescaleType="US", ImageType=["DERIVED", "SECONDARY", "AXIAL", "CBF"]), Note.COMPUTED_MAP),
    "transit time": (described(ImageType=["DERIVED", "SECONDARY", "PERFUSION", "MTT"]), Note.COMPUTED_MAP),
    "computation": (described(RescaleType="us", ImageType=["DERIVED", "SECONDARY", "OTHER"]), Note.COMPUTED_MAP),
    "effective Z": (described(ImageType=["DERIVED", "PRIMARY", "EFFECTIVE_Z"]), Note.COMPUTED_MAP),
    "subtraction": (described(ImageType=["DERIVED", "SECONDARY", "SUB"]), Note.COMPUTED_MAP),
    "iodine": (described(ImageType=["DERIVED", "PRIMARY", "DE_IODINE"]), Note.COMPUTED_MAP),
    "density": (described(RescaleType="MGML"), Note.NOT_HU),
    "modified": (described(RescaleType="HU_MOD"), Note.NOT_HU),
    "a page without a place": (
        lambda d, k: (d.pop("ImagePositionPatient"), stored(d, np.where(GREY[k] > 140, 255, 0).astype(np.int16), True)),
        Note.GREY_LEVELS,
    ),
    "attenuation": (saved((VOLUME / 1000 + 1) * 0.2, np.uint16, slope=2e-5), Note.NOT_HU),
    "no intercept": (lambda d, k: d.pop("RescaleIntercept"), Note.NO_RESCALE),
}  # fmt: skip


@pytest.mark.parametrize(("change", "why"), NOT_HU.values(), ids=NOT_HU)
def test_what_is_no_hounsfield_unit_is_said_with_the_reason(tmp_path, keys, change, why):
    [series] = read_study(upload(tmp_path / "upload", scan(VOLUME, change)), keys).series

    assert series.facts.units == "arbitrary"
    assert NOTES[why] in series.warnings


@pytest.mark.parametrize(
    ("change", "said"),
    [(as_values(WIDE + 24), Note.AIR_OFF), (as_values(WIDE.clip(-160, 240)), Note.CUT_OFF)],
    ids=["by 24", "windowed"],
)
def test_air_that_is_not_where_it_belongs_is_said(tmp_path, keys, change, said):
    values = ball(noise=0).astype(np.int32) if said is Note.CUT_OFF else WIDE

    [series] = read_study(upload(tmp_path / "upload", scan(values.astype(np.int16), change)), keys).series

    assert series.facts.units == "HU"
    assert series.facts.density_doubt == said.value
    assert series.warnings == (NOTES[said],)


# -- padding -----------------------------------------------------------------------------------------------------------

OUTSIDE = np.hypot(*(np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2)) > SIDE / 2 - 0.5


def padded(
    value: int, tag: int | None, last: int | None = None, vr: str = "SS", volume: NDArray[Any] = VOLUME
) -> Change:
    """Put `value` outside the field, and say that the padding is `tag`, or reaches to `last`."""

    def change(d: Dataset, k: int) -> None:
        stored(d, np.where(OUTSIDE, value, volume[k]).astype(np.int16), signed=True)
        for element, stated in ((0x00280120, tag), (0x00280121, last)):
            if stated is not None:
                d.add_new(element, vr, stated)

    return change


def beyond_the_bits(d: Dataset, k: int) -> None:
    stored(d, np.where(OUTSIDE, 63536, WIDE[k] + 1024).astype(np.uint16), bits=12)
    d.RescaleIntercept = -1024
    d.add_new(0x00280120, "US", 63536)


@pytest.mark.parametrize(
    ("change", "ignored"),
    [
        (padded(-2000, -2000), False),
        (padded(-2000, 63536, vr="US"), False),
        (padded(-1500, -2000, last=-1200), False),
        (padded(32767, 32767), False),
        (beyond_the_bits, False),
        (lambda d, k: (beyond_the_bits(d, k), d.compress(RLELossless, generate_instance_uid=False)), False),
        (padded(-2000, -2000, last=100), False),
        (padded(-1000, 50), True),
        (padded(-1000, 150), True),
    ],
    ids=["stated", "sign", "range", "bright", "beyond the bits", "and RLE", "range over tissue", "body", "lesion"],
)
def test_padding_becomes_air_and_tissue_stays(tmp_path, keys, change, ignored):
    study = read_study(upload(tmp_path / "upload", scan(VOLUME, change)), keys)

    assert understood(study) == IN_HU
    [series] = study.series
    body = np.asarray(series.volume_hu)[:, SIDE // 2, 8:14]
    assert abs(float(np.median(body)) - 50) < 4
    assert np.asarray(series.volume_hu)[:, OUTSIDE].max() <= -900
    assert series.warnings == ((NOTES[Note.PADDING_IGNORED],) if ignored else ())


def test_a_cyst_of_the_padding_value_is_measured(tmp_path, keys):
    change = lambda d, k: d.add_new(0x00280120, "SS", 0)  # noqa: E731

    study = read_study(upload(tmp_path / "upload", scan(WATER, change)), keys)

    assert understood(study) == [(SLICES, "HU", 0)]
    assert NOTES[Note.PADDING_IGNORED] in study.series[0].warnings


# -- loss --------------------------------------------------------------------------------------------------------------


def jpeg_2000(d: Dataset, k: int) -> None:
    d.compress(JPEG2000, j2k_cr=[10], generate_instance_uid=False, encoding_plugin="pylibjpeg")


def near_lossless(d: Dataset, k: int) -> None:
    import jpeg_ls

    code = bytes(jpeg_ls.encode_array(np.ascontiguousarray(VOLUME[k].view(np.uint16)), lossy_error=3))
    d.file_meta.TransferSyntaxUID = JPEGLSNearLossless
    d.PixelData = encapsulate([code + b"\0" * (len(code) % 2)])
    d["PixelData"].is_undefined_length, d["PixelData"].VR = True, "OB"
    described(LossyImageCompression="01", LossyImageCompressionRatio=6)(d, k)


def near_lossless_by_another_name(d: Dataset, k: int) -> None:
    near_lossless(d, k)
    d.file_meta.TransferSyntaxUID = JPEGLSLossless
    del d.LossyImageCompression


@pytest.mark.parametrize(
    ("change", "ratio"),
    [
        (jpeg_2000, 10),
        (lambda d, k: (jpeg_2000(d, k), described(LossyImageCompression="00")(d, k))[0], 10),
        (near_lossless, 6),
        (near_lossless_by_another_name, 6),
        (described(LossyImageCompression="01", LossyImageCompressionRatio=[2.5, 8]), 8),
        (lambda d, k: as_text(d, LossyImageCompression="1", LossyImageCompressionRatio="12,0"), 12),
        (only(range(5, 6), described(LossyImageCompression="01", LossyImageCompressionRatio=20)), 20),
        (described(LossyImageCompressionRatio=12), 12),
        (described(LossyImageCompressionMethod="ISO_10918_1"), None),
        (described(DerivationDescription="Lossy compression"), None),
    ],
    ids=[
        "JPEG 2000",
        "denied",
        "JPEG-LS",
        "JPEG-LS called lossless",
        "twice",
        "text",
        "one slice",
        "ratio",
        "method",
        "words",
    ],
)
def test_loss_is_said_with_its_ratio(tmp_path, keys, change, ratio):
    [series] = read_study(upload(tmp_path / "upload", scan(VOLUME, change)), keys).series

    assert series.facts.lossy
    assert series.facts.lossy_ratio == (pytest.approx(ratio, rel=0.1) if ratio else None)
    assert any(
        w.startswith(f"Lossy compressed about {ratio}:1" if ratio else "Lossy compressed:") for w in series.warnings
    )


# -- people and places -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("elements", "age"),
    [
        *(({"PatientAge": text}, age) for text, age in (
            ("045", None), ("45Y", 45), ("Y045", None), ("45 Y", 45), ("006M", 0), ("018M", 1), ("010D", 0),
            ("089Y", 89), ("095Y", 90), ("120Y", 90), ("121Y", None), ("999Y", None), ("999M", None), ("000Y", None),
            ("052y", 52),
        )),
        *(({"PatientAge": "", "PatientBirthDate": born, "StudyDate": seen}, age) for born, seen, age in (
            ("19000101", "20200101", None), ("18991230", "20200101", None), ("11111111", "20200101", None),
            ("19500101", "21870101", None), ("20210101", "20200101", None), ("19700102", "20200101", 49),
            ("19250101", "20200101", 90),
        )),
        ({"PatientAge": "", "PatientBirthDate": "19500101", "StudyDate": "", "AcquisitionDate": "20200102"}, 70),
    ],
)  # fmt: skip
def test_ages_and_placeholders(tmp_path, keys, elements, age):
    change = lambda d, k: as_text(d, **elements)  # noqa: E731

    assert read_study(upload(tmp_path / "upload", scan(VOLUME[:1], change)), keys).series[0].facts.age_years == age


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("KOPF", "head"), ("Schädel nativ", "skull"), ("CRÁNEO", "skull"), ("ADDOME SUPERIORE", "abdomen"),
        ("GÖĞÜS", "chest"), ("TÜM BATIN", "abdomen"), ("KLATKA PIERSIOWA", "chest"), ("C/A/P", "chestabdpelvis"),
        ("", None), ("OTHER", None), ("XYZ", None),
    ],
)  # fmt: skip
def test_body_parts_in_other_words(tmp_path, keys, text, part):
    def change(d: Dataset, k: int) -> None:
        d.pop("BodyPartExamined")
        d.add_new("BodyPartExamined", "UT", text)  # as bytes of UTF-8, which a code string should not have
        d.SpecificCharacterSet = "ISO_IR 192"

    assert read_study(upload(tmp_path / "upload", scan(VOLUME[:1], change)), keys).series[0].facts.body_part == part


# -- files -------------------------------------------------------------------------------------------------------------


def test_a_cd_is_read_for_its_images(tmp_path, keys):
    other = scan(ball(250)[:3], PatientID="X-2", StudyInstanceUID="1.5", SeriesInstanceUID="1.5.1")
    beside = {
        "AUTORUN.INF": b"[autorun]", "viewer/start.exe": b"MZ" + bytes(500), "viewer/rt.jar": b"PK\3\4" + bytes(60),
        "INDEX.HTM": b"<html>", "report.pdf": b"%PDF-1.4",
    }  # fmt: skip
    with zipfile.ZipFile(tmp_path / "cd.zip", "w") as archive:
        archive.writestr("__MACOSX/DICOM/._IM1", b"\0\5\x16\7" + bytes(100))  # of no interest to anybody
        for name, data in beside.items():
            archive.writestr(name, data)
        for i, d in enumerate(scan(VOLUME) + other):
            archive.writestr(f"DICOM\\PA0\\画像{i:03d}", to_bytes(d))

    study = read_study(tmp_path / "cd.zip", keys)

    assert understood(study) == IN_HU
    assert len(study.left_out) == len(beside) + 3
    assert any("not of the same patient" in sentence for sentence in study.skipped)


@pytest.mark.parametrize("uid", ["66", "200.2", "481.4", "88.59", "104.1"])
def test_objects_without_pixels_are_not_called_broken(tmp_path, keys, uid):
    [d] = scan(VOLUME[:1], SOPClassUID=f"1.2.840.10008.5.1.4.1.1.{uid}", SOPInstanceUID="1.2.9")
    for keyword in ("Rows", "Columns", "PixelData", "BitsAllocated"):
        del d[keyword]

    study = read_study(upload(tmp_path / "upload", scan(VOLUME), [d]), keys)

    assert understood(study) == IN_HU
    assert "breaks off" not in study.skipped[0]
    assert "and not an image" in study.skipped[0] or "holds no image" in study.skipped[0]


def fragments(d: Dataset, k: int) -> None:
    d.compress(JPEG2000Lossless, generate_instance_uid=False, encoding_plugin="pylibjpeg")
    frame = next(generate_frames(d.PixelData, number_of_frames=1))
    d.PixelData = encapsulate([frame], fragments_per_frame=4, has_bot=False)


@pytest.mark.parametrize(
    "change",
    [
        fragments,
        lambda d, k: d.pop("SOPClassUID"),
        lambda d, k: d.private_block(0x9, "INVENTED", create=True).add_new(2, "OB", bytes(70000)),
    ],
    ids=["fragments", "no SOP class", "private"],
)
def test_odd_files_are_read(tmp_path, keys, change):
    assert understood(read_study(upload(tmp_path / "upload", scan(VOLUME, change)), keys)) == IN_HU


def test_what_follows_the_pixels_or_breaks_off_is_handled(tmp_path, keys):
    folder = upload(tmp_path / "upload", scan(VOLUME))
    for path in folder.iterdir():
        path.write_bytes(path.read_bytes() + b"\xde\xad" * 1500)
    assert understood(read_study(folder, keys)) == IN_HU

    path.write_bytes(path.read_bytes()[:-6000])
    study = read_study(folder, keys)
    assert [slices for slices, _, _ in understood(study)] == [SLICES - 1]
    assert "breaks off" in study.skipped[0]


def test_an_archive_of_another_kind_is_named(tmp_path, keys):
    folder = upload(tmp_path / "store", scan(VOLUME[:2]))
    with tarfile.open(tmp_path / "study.tar.gz", "w:gz") as archive:
        archive.add(folder, arcname="study")

    with pytest.raises(IntakeError, match="an archive of a kind that is not opened"):
        read_study(tmp_path / "study.tar.gz", keys)


@pytest.mark.parametrize("kind", ["VNC", "MONO_E 40KEV", "VMI"])
def test_a_virtual_image_says_that_its_densities_were_computed(tmp_path, keys, kind):
    change = described(ImageType=["DERIVED", "PRIMARY", "AXIAL", kind])

    [series] = read_study(upload(tmp_path / "upload", scan(VOLUME, change)), keys).series

    assert series.facts.units == "HU"
    assert NOTES[Note.VIRTUAL] in series.warnings
