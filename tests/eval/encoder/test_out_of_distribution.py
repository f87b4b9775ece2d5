"""What the atlas says to out_of_distribution_images is counted as it is said."""

import numpy as np

from encoder.embedder import load_embedder
from encoder.pack import read_pack
from eval.encoder.out_of_distribution import (
    LEVELS,
    measure_out_of_distribution,
    out_of_distribution_images,
    to_markdown,
)
from tools.pipelines.demo import open_workspace_parts


def test_strangers_are_no_ct_lesions_and_repeat():
    first, second = out_of_distribution_images(), out_of_distribution_images()
    assert {"noise", "air", "MR"} <= first.keys()
    for name, images in first.items():
        assert images.shape[1:] == (64, 64)
        np.testing.assert_array_equal(images, second[name])
    assert first["air"].dtype == np.int16  # in Hounsfield units


def test_noise_is_turned_away_and_the_atlas_knows_its_own(demo):
    _, atlas = open_workspace_parts(demo.settings)
    known = read_pack(demo.settings.samples / "pack").images[:8]
    report = measure_out_of_distribution(atlas, load_embedder(), known, real=None)
    by_kind = {kind.kind: kind for kind in report.kinds}
    assert by_kind["noise"].shares["none"] == 1
    assert by_kind["phantom lesions of other patients"].shares["none"] == 0
    assert all(abs(sum(kind.shares[level] for level in LEVELS) - 1) < 1e-9 for kind in report.kinds)
    table = to_markdown(report)
    assert "ECE before calibration" in table
    assert "| noise | 64 | nothing similar | 100 % |" in table
