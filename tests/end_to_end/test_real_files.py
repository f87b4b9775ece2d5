"""A grounded answer about real CT of every kind of file, from the bytes on."""

from pathlib import Path

import numpy as np
import pytest

from assistant.agent.assistant import Assistant
from tools.domain.lazy_volume import LazyVolume
from tools.intake.intake import open_study, read_study
from tools.pipelines.demo import patient_keys

QUESTIONS = ("What is this study?", "Find similar lesions", "How big is it?")


def ask_about(path: Path, workspace, demo) -> None:
    workspace.session.open(read_study(path, patient_keys(demo.settings)))
    assistant = Assistant(workspace, "offline")
    for question in QUESTIONS:
        answer = assistant.ask(question)
        assert answer.answer
        assert answer.tool_calls
        assert answer.grounding.unsupported == ()


@pytest.mark.parametrize(
    "name",
    ["CT_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm", "MR_small_jpeg_ls_lossless.dcm", "explicit_VR-UN.dcm"],
)
def test_an_answer_for_every_transfer_syntax(name, workspace, demo):
    from pydicom.data import get_testdata_file

    path = get_testdata_file(name)
    assert path is not None
    ask_about(Path(path), workspace, demo)


@pytest.mark.shared
@pytest.mark.parametrize("series", ["liver_ct_3slice", "head_ct_ge"])
def test_an_answer_for_real_series(series, shared_data, workspace, demo):
    ask_about(shared_data / "dicom" / series, workspace, demo)
    assert not workspace.session.series.facts.synthetic


@pytest.mark.shared
def test_a_real_series_opened_on_its_headers_is_the_one_read_at_once(shared_data, demo):
    """28 slices of a tilted gantry, uneven gaps among them."""
    folder, keys = shared_data / "dicom" / "head_ct_ge", patient_keys(demo.settings)
    whole, opened = read_study(folder, keys), open_study(folder, keys)
    assert opened.skipped == whole.skipped
    for a, b in zip(opened.series, whole.series, strict=True):
        assert isinstance(a.volume_hu, LazyVolume)
        np.testing.assert_array_equal(np.asarray(a.volume_hu), b.volume_hu)
        np.testing.assert_array_equal(a.affine, b.affine)
        assert (a.facts, a.warnings, a.window, a.spacing_mm) == (b.facts, b.warnings, b.window, b.spacing_mm)
