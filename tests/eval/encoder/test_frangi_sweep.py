"""The sweep ranks settings by what their response retrieves, and says what α does in two dimensions."""

import numpy as np
import pytest

from eval.encoder.frangi_sweep import PUBLISHED, FrangiSetting, draw, settings, sweep, to_markdown
from eval.encoder.lidc import Nodule
from tools.domain.splits import split_of


@pytest.fixture(scope="module")
def nodules() -> tuple[np.ndarray, list[Nodule]]:
    """Thin lines against thick ones in noise, of 240 patients."""
    rng = np.random.default_rng(0)
    images = rng.normal(90, 12, (240, 64, 64))
    rows = []
    for i in range(240):
        half = 2 if i % 2 else 7
        images[i, 32 - half : 32 + half, 8:56] += 90
        size = "under 6 mm" if i % 2 else "10 mm and more"
        rows.append(
            Nodule(f"L{i}", f"P{i}", f"N{i}", "solid", 8.0, 0.7, 1, 9, split_of(f"P{i}"), texture_class="solid",
                   calcified="not calcified", malignancy_class="benign", size_class=size)
        )  # fmt: skip
    return images.clip(0, 255).astype(np.uint8), rows


def test_widths_are_told_apart_and_alpha_changes_nothing(nodules):
    seeing = FrangiSetting(1.0, 0.6, 0.0444, (2.0, 4.0))
    flat = FrangiSetting(2.0, 0.6, 0.0444, (2.0, 4.0))
    done: list[tuple[int, int]] = []
    report = sweep(*nodules, chosen=(flat, seeing, PUBLISHED), progress=lambda *step: done.append(step))
    assert done == [(1, 3), (2, 3), (3, 3)]
    by_setting = {score.setting: score for score in report.scores}
    assert by_setting[str(seeing)].labels["size"] > 0.8  # chance is a half
    assert by_setting[str(seeing)].labels == by_setting[str(flat)].labels  # α is a matter of three dimensions
    assert report.best_minus_published["size"].low <= report.best_minus_published["size"].high
    table = to_markdown(report)
    assert "| α 1, β 0.6, γ 0.0444, scales 1, 2, 3 px |" in table
    assert "no Frangi, the pixels" in table


def test_the_grid_holds_the_published_setting_and_is_drawn(nodules, tmp_path, monkeypatch):
    assert PUBLISHED in settings()
    import eval.encoder.frangi_sweep as module

    monkeypatch.setattr(module, "BETAS", (0.3, 0.6))
    monkeypatch.setattr(module, "GAMMAS", (0.0444,))
    monkeypatch.setattr(module, "SCALES_PX", ((1.0,), (1.0, 2.0, 3.0)))
    assert draw(sweep(*nodules), tmp_path / "frangi.png").stat().st_size > 1000
