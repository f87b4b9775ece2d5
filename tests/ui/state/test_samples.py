"""Sample cases: different patients, plain names, each opening on a slice with a lesion."""

from pathlib import Path
from typing import Any

import pytest

from tools.domain.patient_keys import PatientKeys
from ui.state.samples import SampleError, SampleShelf


def test_six_different_people_named_without_the_diagnosis(shelf: Any, demo: Any) -> None:
    samples = shelf.samples
    assert len(samples) == 6
    assert len({s.title for s in samples}) == 6
    assert len({s.folder.parent for s in samples}) == 6
    types = {case.lesion_type for case in demo.cases} - {"pelvis", "abdomen"}
    for sample in samples:
        assert not any(word in sample.title.lower() for word in (*types, "lesion", "nodule"))
        assert "CT, " in sample.title
        assert any(c.folder == sample.folder and c.slice == sample.slice_index + 1 for c in demo.cases)


def test_studies_are_read_once_and_pictured(shelf: Any) -> None:
    sample = shelf.samples[0]
    assert shelf.study(sample) is shelf.study(sample)
    picture = shelf.picture(sample)
    assert picture.shape == (256, 256)
    assert picture.std() > 20


def test_a_missing_folder_and_an_unknown_case_are_said(tmp_path: Path, shelf: Any) -> None:
    with pytest.raises(SampleError, match="start again"):
        _ = SampleShelf(tmp_path, PatientKeys(b"x")).samples
    with pytest.raises(SampleError, match="no such sample"):
        shelf.get("case99")
