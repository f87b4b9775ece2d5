"""Probes and votes read labels that are there, and none that are not."""

import numpy as np
import pytest
import torch

from encoder.network.lesion_encoder import LesionEncoder, LesionEncoderConfig
from eval.encoder.classification import evaluate_packs, linear_probe, nearest_vote, score_classifiers, to_markdown
from eval.encoder.fine_tuning import fine_tuned_predictions
from eval.encoder.lidc import LabelError


def separable(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.array(["bone", "liver", "lung"])[np.arange(count) % 3]
    vectors = np.eye(3)[np.arange(count) % 3] + 0.1 * rng.standard_normal((count, 3))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


@pytest.mark.parametrize("classifier", [nearest_vote, linear_probe])
def test_separable_classes_are_read_without_error(classifier):
    train, test = separable(60, 0), separable(30, 1)
    assert (classifier(*train, test[0]) == test[1]).all()


def test_scores_name_their_sizes_and_classes():
    train, test = separable(60, 0), separable(30, 1)
    scores = score_classifiers("m", "type", train, test, np.arange(30).astype(str))
    assert [s.classifier for s in scores] == ["k-NN", "linear probe"]
    assert scores[0].accuracy.value == scores[0].macro_f1 == 1
    assert scores[0].majority == pytest.approx(1 / 3)
    assert scores[0].classes == ["bone", "liver", "lung"]


def test_one_pack_votes_for_another():
    images = np.zeros((6, 64, 64), np.int16)
    images[::2] += 300
    rows = [
        {"lesion_id": str(i), "patient_id": str(i), "lesion_type": "bone" if i % 2 == 0 else "lung"} for i in range(6)
    ]

    def brightness(rois: np.ndarray) -> np.ndarray:
        bright = (rois.mean((1, 2)) > 100).astype(np.float32)
        return np.stack((bright, 1 - bright), axis=1)

    report = evaluate_packs((images, rows), (images[:4], rows[:4]), {"brightness": brightness})
    assert report.scores[0].accuracy.value == 1
    assert "| brightness | lesion type | k-NN | 1.000" in to_markdown(report)
    with pytest.raises(LabelError, match="lesion_type"):
        evaluate_packs((images, [{**row, "lesion_type": ""} for row in rows]), (images, rows), {"b": brightness})


@pytest.mark.parametrize("reads_out", [False, True])
def test_a_fine_tuned_encoder_reads_what_it_was_shown(tmp_path, monkeypatch, reads_out):
    monkeypatch.setattr("eval.encoder.fine_tuning.ENCODER_RATE", 1e-2)  # these few layers start from nothing
    torch.manual_seed(0)
    config = LesionEncoderConfig(channels=("image",), widths=(8, 8, 16, 16), depths=(1, 1, 1, 1), dim=16, input_px=32)
    encoder = LesionEncoder(config)
    if reads_out:  # as the shipped one does; the heads begin from its features
        encoder.add_label_heads({"density": ["dense", "soft"]}, detail=0.2)
        encoder.add_out_of_distribution_score()
    encoder.save_pretrained(tmp_path)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 60, (48, 64, 64)).astype(np.uint8)
    images[::2, 16:48, 16:48] += 150
    labels = {"density": np.array(["dense", "soft"] * 24), "same": np.array(["x"] * 47 + ["y"])}
    predicted = fine_tuned_predictions(
        str(tmp_path), images[:40], {k: v[:40] for k, v in labels.items()}, images[40:], 25
    )
    assert predicted["density"].tolist() == ["dense", "soft"] * 4
    assert set(predicted["same"]) == {"x"}
