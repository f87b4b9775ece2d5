"""The ablation trains what is missing, counts hits and compares in pairs; a kept file for other data is refused."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from encoder.network.lesion_encoder import LesionEncoderConfig
from encoder.training import train as training
from eval.encoder import ablation, vae_baseline
from eval.encoder.ablation import (
    ENCODER,
    AblationError,
    KeptAblation,
    count_hits,
    read_kept,
    report_ablation,
    run_ablation,
    runs,
    to_markdown,
)
from eval.encoder.lidc import read_lidc
from tools.domain.splits import split_of

METHODS = [method for run in runs() for method in run.methods]


@pytest.fixture(scope="module")
def lidc(tmp_path_factory) -> Path:
    """60 nodules of 60 patients, one slice each; bright ones are solid and large."""
    data = tmp_path_factory.mktemp("data")
    folder = data / "lidc"
    folder.mkdir()
    images = np.random.default_rng(0).integers(0, 60, (60, 64, 64)).astype(np.uint8)
    images[::2, 24:40, 24:40] += 150
    np.savez(folder / "images.npz", images=images)
    with (folder / "lesions.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(
            [
                "patient_id",
                "nodule",
                "slice",
                "area_px",
                "n_readers",
                "match_cost",
                "pixel_spacing_mm",
                "eq_diam_mm",
                "malignancy",
                "texture",
                "calcification",
            ]
        )
        for i in range(60):
            bright = i % 2 == 0
            writer.writerow([f"P{i}", "n", 0, 9, 3, 0.1, 0.7, 12 if bright else 5, 4 if bright else 2,
                             5 if bright else 2, 6])  # fmt: skip
    return data


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(
        training,
        "LesionEncoderConfig",
        lambda **given: LesionEncoderConfig(**given | {"widths": (4, 4, 8, 8), "depths": (1, 1, 1, 1)}),
    )
    planned = runs
    monkeypatch.setattr(
        ablation,
        "runs",
        lambda epochs, seed: tuple(
            replace(run, preset=replace(run.preset, dim=8, input_px=32)) for run in planned(epochs, seed)[:4:3]
        ),
    )


def test_what_is_trained_is_not_trained_again(lidc, small, tmp_path, monkeypatch):
    images, nodules = read_lidc(lidc / "lidc")
    said: list[str] = []
    kept = run_ablation(lidc, images, nodules, tmp_path, 1, 0, said.append)
    assert said == ["1 of 2: vae", "2 of 2: simclr-frangi-gem-tuned"]
    assert list(kept.hits) == ["VAE", "SimCLR + Frangi + GeM", "SimCLR + Frangi + GeM, fine-tuned"]
    assert kept.training_rois == sum(split_of(f"P{i}") == "train" for i in range(60))

    def refuse(*_args: object, **_more: object) -> None:
        raise AssertionError("trained again")

    monkeypatch.setattr(training, "train", refuse)
    monkeypatch.setattr(vae_baseline, "train_vae", refuse)
    assert run_ablation(lidc, images, nodules, tmp_path, 1, 0, said.append).hits == kept.hits


def brightness(rois: np.ndarray) -> np.ndarray:
    bright = (rois.mean((1, 2)) > rois.mean()).astype(np.float32)
    return np.stack((bright, 1 - bright), axis=1)


def kept_for(nodules, hits) -> KeptAblation:
    return KeptAblation(
        command="lesion-search eval ablation", seed=0, epochs=1, batch=8, training_rois=1,
        queries=ablation._digest(nodules), hits=dict.fromkeys(METHODS, hits),
    )  # fmt: skip


def test_differences_are_paired_and_signed(lidc):
    images, nodules = read_lidc(lidc / "lidc")
    seeing = count_hits(brightness, images, nodules)
    nothing = {label: [0] * len(values) for label, values in seeing.items()}
    report = report_ablation(kept_for(nodules, nothing), images, nodules, {"again": brightness, ENCODER: brightness})
    by_name = {difference.second: difference.labels for difference in report.ahead}
    assert by_name["again"]["size"].value == by_name["again"]["size"].high == 0
    assert by_name["VAE"]["size"].low > 0.5
    assert all(difference.labels["size"].value == 0 for difference in report.parts)
    table = to_markdown(report)
    assert "| VAE | **+" in table
    assert "| again | +0.000 (+0.000 to +0.000) |" in table


def test_figures_of_other_nodules_are_refused(lidc, tmp_path):
    images, nodules = read_lidc(lidc / "lidc")
    kept = kept_for(nodules, count_hits(brightness, images, nodules))
    with pytest.raises(AblationError, match="other nodules"):
        report_ablation(kept, images, nodules[:-20], {ENCODER: brightness})
    with pytest.raises(AblationError, match="eval ablation"):
        read_kept(tmp_path / "nothing.json")


def test_every_comparison_named_is_trained():
    assert len(set(METHODS)) == len(METHODS) == 7
    assert {run.preset.stages[0].epochs for run in runs(5)} == {5}
    assert len({run.preset.name for run in runs()}) == len(runs())
