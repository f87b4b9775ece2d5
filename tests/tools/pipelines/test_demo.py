import errno
import os
import shutil

import pytest

from encoder.errors import StorageError
from tools.domain.lesions import AtlasError
from tools.pipelines import demo as first_run
from tools.pipelines.phantoms import teaching_cases
from tools.settings import Settings


@pytest.fixture
def installation(demo, tmp_path) -> Settings:
    """A copy of the small demo, free to be spoiled."""
    settings = Settings(data=tmp_path / "installation")
    settings.data.mkdir()
    shutil.copy(demo.settings.data / "patient-key-secret", settings.data)
    settings.samples.symlink_to(demo.settings.samples)
    return settings


def steps_of(settings: Settings) -> list[tuple[str, int, int]]:
    """Open everything and keep the progress that was reported."""
    steps: list[tuple[str, int, int]] = []
    _, atlas = first_run.open_workspace_parts(settings, lambda *step: steps.append(step))
    atlas.close()
    return steps


def test_the_demo_atlas_is_built_once_with_progress(installation):
    steps = steps_of(installation)
    assert {what for what, _, _ in steps} == {"Building the demo atlas"}
    assert steps[-1][1] == steps[-1][2]
    assert steps_of(installation) == []


def test_an_interrupted_first_run_is_finished_by_the_next(installation, monkeypatch):
    def interrupted(atlas, pack, embed, progress=None):
        half = type(pack)(pack.images[: len(pack) // 2], pack.lesions[: len(pack) // 2])
        original(atlas, half, embed, progress)
        raise KeyboardInterrupt

    original = first_run.index_pack
    monkeypatch.setattr(first_run, "index_pack", interrupted)
    with pytest.raises(KeyboardInterrupt):
        first_run.open_workspace_parts(installation)
    monkeypatch.undo()
    embedder, atlas = first_run.open_workspace_parts(installation)
    assert len(atlas) == len(first_run.read_pack(installation.samples / "pack"))
    assert atlas.fingerprint == embedder.fingerprint


def test_half_made_samples_are_made_again(tmp_path, monkeypatch):
    settings = Settings(data=tmp_path / "installation")
    (settings.samples / "dicom").mkdir(parents=True)
    monkeypatch.setattr(teaching_cases, "unpack_teaching_cases", lambda out, progress=None: out.mkdir(parents=True))
    folder = first_run.ensure_samples(settings)
    assert (folder / first_run.COMPLETE).exists()
    assert not (folder / "dicom").exists()
    assert [p.name for p in settings.data.iterdir()] == [folder.name]


def test_a_named_atlas_that_is_not_there_is_not_made(installation, tmp_path):
    settings = installation.model_copy(update={"atlas": str(tmp_path / "no-atlas")})
    with pytest.raises(AtlasError, match="no-atlas"):
        first_run.open_workspace_parts(settings)
    assert not (tmp_path / "no-atlas").exists()


def failing(number: int):
    """Stands in for a disk that fails while teaching cases are written; half of one is there already."""

    def fail(out, progress=None):
        out.mkdir(parents=True)
        (out / "half").write_bytes(bytes(100))
        try:
            raise OSError(number, os.strerror(number), str(out / "half"))
        except OSError as error:  # as pydicom does: another one, without the number
            raise OSError("while writing an element") from error

    return fail


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.ENOSPC, "the disk is full. Free some space there, or set LESION_SEARCH_DATA"),
        (errno.EROFS, "the disk is read-only. Make it writable, or set LESION_SEARCH_DATA"),
        (errno.EACCES, "this user has no right to it. Make it writable, or set LESION_SEARCH_DATA"),
    ],
)
def test_a_disk_that_fails_at_the_first_start_is_one_sentence_and_leaves_nothing_half_made(
    tmp_path, monkeypatch, number, sentence
):
    settings = Settings(data=tmp_path / "installation")
    first_run.patient_keys(settings)
    monkeypatch.setattr(teaching_cases, "unpack_teaching_cases", failing(number))
    with pytest.raises(StorageError) as caught:
        first_run.open_workspace_parts(settings)
    assert sentence in str(caught.value)
    assert str(settings.data) in str(caught.value)
    assert [path.name for path in settings.data.iterdir()] == ["patient-key-secret"]


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="LESION_SEARCH_DATA"):
        first_run.patient_keys(Settings(data=tmp_path / "file" / "data"))


def test_a_secret_that_could_not_be_written_leaves_no_part(tmp_path, monkeypatch):
    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(type(tmp_path), "write_bytes", full)
    with pytest.raises(StorageError, match="the disk is full"):
        first_run.patient_keys(Settings(data=tmp_path / "data"))
    assert list((tmp_path / "data").iterdir()) == []
