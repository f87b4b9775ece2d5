import shutil

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
    atlas.close()
    assert index_source(studies, settings).added == 0


def test_indexing_without_a_name_fills_the_own_atlas_which_is_then_used(demo, tmp_path):
    from tools.pipelines.demo import open_workspace_parts

    settings = Settings(data=tmp_path / "data")
    summary = index_source(demo.settings.samples / "pack", settings)
    assert summary.location == str(settings.own_atlas)
    _, atlas = open_workspace_parts(settings)
    assert atlas.location == str(settings.own_atlas)


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir(), lambda p: (p.mkdir(), (p / "x.txt").touch())])
def test_nothing_to_index_is_said(settings, tmp_path, make):
    make(tmp_path / "source")
    with pytest.raises(PackError, match="index"):
        index_source(tmp_path / "source", settings)
