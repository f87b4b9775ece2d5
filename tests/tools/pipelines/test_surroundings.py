"""A data folder that cannot be used is said in one sentence, and nothing is made up in its place."""

from pathlib import Path

import pytest

from encoder.errors import LesionSearchError
from tools.pipelines.demo import ensure_samples, patient_keys
from tools.settings import Settings


def file_in_its_place(data: Path) -> None:
    data.write_text("x")


def file_above_it(data: Path) -> None:
    data.parent.rmdir()
    data.parent.write_text("x")


def folder_as_secret(data: Path) -> None:
    (data / "patient-key-secret").mkdir(parents=True)


def empty_secret(data: Path) -> None:
    data.mkdir()
    (data / "patient-key-secret").touch()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (file_in_its_place, "stands in its place. Move that away, or set LESION_SEARCH_DATA"),
        (file_above_it, "a file stands where a folder is needed. Move that away, or set LESION_SEARCH_DATA"),
        (folder_as_secret, "a folder stands where a file is needed. Move that away"),
        (empty_secret, "patient-key-secret is empty or cut off: restore it"),
    ],
)
def test_one_sentence_says_what_to_do(tmp_path: Path, spoil, said: str) -> None:
    settings = Settings(data=tmp_path / "above" / "data")
    settings.data.parent.mkdir()
    spoil(settings.data)
    with pytest.raises(LesionSearchError) as problem:
        patient_keys(settings)
    assert said in str(problem.value)


def test_teaching_cases_are_not_made_beside_a_file(tmp_path: Path) -> None:
    file_in_its_place(tmp_path / "data")
    with pytest.raises(LesionSearchError, match="Move that away"):
        ensure_samples(Settings(data=tmp_path / "data"))
