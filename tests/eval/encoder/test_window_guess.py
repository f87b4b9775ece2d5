"""Histograms are fitted to some patients and tried on others; what no window cut off is all that counts."""

import csv

import numpy as np
import pytest

from encoder.preprocess import windows
from eval.encoder import window_guess
from eval.encoder.window_guess import WindowError, fit_and_measure, read_kept, to_markdown


def body(rng):
    """ROI and context (2, 64, 64) in HU: air, fat, muscle, bone."""
    y, x = np.mgrid[:64, :64]
    tissue = np.where(x < rng.integers(6, 16), -1000, np.where(x < 24, -100, 50))
    tissue = np.where(np.hypot(x - 45, y - rng.integers(20, 44)) < 8, 400, tissue)
    return np.rint(tissue + rng.normal(0, 8, (2, 64, 64))).astype(np.int16)


@pytest.fixture
def packs(tmp_path):
    rng = np.random.default_rng(0)
    for name, sources in (("organs", ["bone_lesions", "spleen"]), ("phantoms", ["phantoms"])):
        folder = tmp_path / "packs" / name
        folder.mkdir(parents=True)
        images = np.stack([body(rng) for _ in range(40)])
        if name == "organs":
            images[1::2] = images[1::2].clip(0, 255)  # of the spleen
        np.save(folder / "images.npy", images[:, 0])
        np.save(folder / "context.npy", images[:, 1])
        with (folder / "lesions.csv").open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["lesion_id", "patient_id", "source", "split"])
            writer.writerows([f"{name}-{n}", f"{name}-{n}", sources[n % len(sources)], "train"] for n in range(40))
    return tmp_path / "packs"


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(window_guess, "RESULTS", tmp_path / "windows.json")
    monkeypatch.setattr(window_guess, "HISTOGRAMS", tmp_path / "histograms.npz")
    monkeypatch.setattr(windows, "HISTOGRAMS", tmp_path / "histograms.npz")
    monkeypatch.setattr(window_guess, "KINDS", 3)
    windows.log_probabilities.cache_clear()
    yield tmp_path
    windows.log_probabilities.cache_clear()


def test_windows_are_found_on_patients_that_the_histograms_do_not_know(packs, kept):
    report = fit_and_measure(packs, fit=True)
    assert report.patients == 15  # a quarter of 60: those of the spleen were in a window
    wide = [row for row in report.with_context if row.high_hu - row.low_hu >= 1300]
    assert all(row.found > 0.9 for row in wide)
    assert read_kept(kept / "windows.json") == report
    assert "| -1500 to 500 |" in to_markdown(report)


def test_without_a_fit_nothing_is_kept(packs, kept):
    with np.load(windows.__file__.replace("windows.py", "window_histograms.npz")) as shipped:
        np.savez(kept / "histograms.npz", histograms=shipped["histograms"])
    fit_and_measure(packs, fit=False)
    with pytest.raises(WindowError, match="eval windows --fit"):
        read_kept(kept / "windows.json")
