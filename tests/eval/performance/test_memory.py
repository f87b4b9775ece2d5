"""Embedding streams: a pack four times as long takes no more memory."""

import sys

import pytest

from encoder.network.lesion_encoder import LesionEncoder, LesionEncoderConfig
from eval.performance.memory import MeasurementError, measure_memory, to_markdown
from tools.pipelines.embed import CHUNK


@pytest.mark.skipif(sys.platform != "linux", reason="the peak of a process is read from /proc")
def test_memory_stays_flat_as_the_pack_grows(tmp_path):
    small = {"channels": ("image",), "widths": (8, 8, 8, 8), "depths": (1, 1, 1, 1), "dim": 16, "input_px": 32}
    LesionEncoder(LesionEncoderConfig(**small)).save_pretrained(tmp_path / "small")
    report = measure_memory((4 * CHUNK, 12 * CHUNK), encoder=str(tmp_path / "small"))
    short, long = report.uses
    assert long.pack_mb - short.pack_mb > 250
    assert long.peak_mb - short.peak_mb < 0.25 * (long.pack_mb - short.pack_mb)
    assert f"| {12 * CHUNK:,} | 384 MB |" in to_markdown(report)


def test_an_embedding_that_fails_says_so(tmp_path):
    with pytest.raises(MeasurementError, match="Embedding 8 ROIs failed"):
        measure_memory((8,), encoder=str(tmp_path / "nowhere"))
