import shutil

import numpy as np
import pytest

from encoder.pack import PackError
from tools.atlas.atlas import Atlas
from tools.pipelines.demo import patient_keys
from tools.pipelines.index import index_source
from tools.settings import Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(data=tmp_path / "data", atlas=str(tmp_path / "atlas"))


def copy_slices(case, folder):
    """A study of the slices around a lesion: whole ones take long."""
    folder.mkdir(parents=True)
    for path in sorted(case.folder.glob("*.dcm"))[max(0, case.slice - 4) : case.slice + 3]:
        shutil.copy(path, folder)


def test_suggested_regions_of_studies_become_lesions_of_unknown_type(settings, demo, tmp_path):
    first, second = demo.case("lung"), demo.case("liver")
    studies = tmp_path / "studies"
    copy_slices(first, studies / "a" / "deep")
    copy_slices(second, studies / "b")
    (studies / "c").mkdir()
    (studies / "c" / "note.txt").write_text("not an image")
    summary = index_source(studies, settings)
    assert summary.added == summary.total > 0
    assert any(note.startswith("Folder 3 of 3") for note in summary.notes)

    from encoder.embedder import load_embedder

    keys = patient_keys(settings)
    atlas = Atlas(settings.atlas, load_embedder().fingerprint, keys)
    lesions = list(atlas.lesions())
    assert {lesion.patient_key for lesion in lesions} == {
        keys.patient(first.patient_id),
        keys.patient(second.patient_id),
    }
    assert {lesion.lesion_type for lesion in lesions} == {None}
    assert all(lesion.long_axis_mm for lesion in lesions)
    assert {atlas.encoder_input(lesion.lesion_id).shape for lesion in lesions} == {(2, 64, 64)}
    atlas.close()
    assert index_source(studies, settings).added == 0


def test_indexing_without_a_name_fills_the_own_atlas_which_is_then_used(demo, tmp_path):
    from tools.pipelines.demo import open_workspace_parts

    settings = Settings(data=tmp_path / "data")
    summary = index_source(demo.settings.samples / "pack", settings)
    assert summary.location == str(settings.own_atlas)
    _, atlas = open_workspace_parts(settings.model_copy(update={"atlas": "own"}))
    assert atlas.location == str(settings.own_atlas)


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir(), lambda p: (p.mkdir(), (p / "x.txt").touch())])
def test_nothing_to_index_is_said(settings, tmp_path, make):
    make(tmp_path / "source")
    with pytest.raises(PackError, match="index"):
        index_source(tmp_path / "source", settings)


def write_slices(folder, patient, modality="CT", units=True, count=6, first=0):
    """A ball of soft tissue in fat, as a CT series; without units as a screen copy has none."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    folder.mkdir(parents=True, exist_ok=True)
    study, uid = generate_uid(), generate_uid()
    z, y, x = np.mgrid[:count, :96, :96]
    hu = np.where((x - 48) ** 2 + (y - 48) ** 2 < 44**2, -90, -1000)
    hu[(x - 48) ** 2 + (y - 48) ** 2 + 4 * (z - count // 2) ** 2 < 81] = 60
    for k in range(count):
        d = Dataset()
        d.file_meta = FileMetaDataset()
        d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        d.SOPClassUID = d.file_meta.MediaStorageSOPClassUID = CTImageStorage
        d.SOPInstanceUID = d.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        d.StudyInstanceUID, d.SeriesInstanceUID, d.PatientID, d.Modality = study, uid, patient, modality
        d.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"] if units else ["DERIVED", "SECONDARY", "SCREEN SAVE"]
        d.PatientSex, d.PatientAge = ("F", "050Y") if patient == "ONE" else ("M", "061Y")
        d.InstanceNumber = k + 1
        d.ImageOrientationPatient, d.ImagePositionPatient = [1, 0, 0, 0, 1, 0], [0, 0, 2.0 * k]
        d.PixelSpacing, d.SliceThickness = [1, 1], 2
        d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = 96, 96, 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
        if units:
            d.RescaleSlope, d.RescaleIntercept = 1, 0
        d.add_new("PixelData", "OW", hu[k].astype("<i2").tobytes())
        d.save_as(folder / f"{first + k:03}.dcm", enforce_file_format=True)


def patients_of(settings) -> set[str]:
    from encoder.embedder import load_embedder

    atlas = Atlas(settings.atlas, load_embedder().fingerprint, patient_keys(settings))
    found = {lesion.patient_key for lesion in atlas.lesions()}
    atlas.close()
    return found


def test_every_patient_of_a_flat_folder_is_indexed(settings, tmp_path):
    write_slices(tmp_path / "flat", "ONE")
    write_slices(tmp_path / "flat", "TWO", first=6)
    summary = index_source(tmp_path / "flat", settings)
    keys = patient_keys(settings)
    assert patients_of(settings) == {keys.patient("ONE"), keys.patient("TWO")}
    assert "Folder 1 of 1: it holds 2 patients; each is indexed by itself." in summary.notes
    assert not any("left out" in note for note in summary.notes)


@pytest.mark.parametrize("kind", [{"modality": "OT", "units": False}, {"units": False}, {"modality": "MR"}])
def test_images_that_are_not_ct_in_hounsfield_units_are_skipped_by_name(settings, tmp_path, kind):
    write_slices(tmp_path / "study" / "ct", "ONE")
    write_slices(tmp_path / "study" / "screens", "ONE", count=2, **kind)
    summary = index_source(tmp_path / "study", settings)
    [note] = [note for note in summary.notes if "skipped" in note]
    assert note.startswith("Folder 2 of 2: a series of 2 images was skipped, as it is ")
    assert summary.total == index_source(tmp_path / "study" / "ct", settings).total > 0


def test_a_study_of_screen_copies_alone_is_refused_with_the_reason(settings, tmp_path):
    write_slices(tmp_path / "screens", "ONE", units=False)
    with pytest.raises(PackError, match=r"not in Hounsfield units .* Nothing to index was found"):
        index_source(tmp_path / "screens", settings)


def test_links_in_a_folder_to_index_are_followed_once(settings, tmp_path):
    write_slices(tmp_path / "store" / "ct", "ONE")
    chosen = tmp_path / "chosen"
    (chosen / "files").mkdir(parents=True)
    (chosen / "study").symlink_to(tmp_path / "store", target_is_directory=True)
    (chosen / "round").symlink_to(chosen, target_is_directory=True)
    for path in (tmp_path / "store" / "ct").iterdir():
        (chosen / "files" / path.name).symlink_to(path)
    summary = index_source(chosen, settings)
    assert summary.added > 0
    assert "a series of 6 images was skipped, as it is in another folder too." in summary.notes[-1]
    assert patients_of(settings) == {patient_keys(settings).patient("ONE")}
