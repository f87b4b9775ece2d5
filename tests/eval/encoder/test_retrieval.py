"""Retrieval scores on embeddings whose answer is known, and on real nodules."""

import numpy as np
import pytest

from eval.encoder.baselines import PixelPCA
from eval.encoder.lidc import Nodule, read_lidc
from eval.encoder.retrieval import evaluate_lidc, rank, score_retrieval, score_same_lesion, to_markdown


def clusters(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """60 lesions of 20 patients in three well separated classes."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(["a", "b", "c"], 20)
    vectors = np.repeat(np.eye(3), 20, axis=0) + 0.05 * rng.standard_normal((60, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    patients = np.tile(np.arange(20).astype(str), 3)
    return vectors.astype(np.float32), labels, patients


def test_perfect_clusters_score_one_with_a_tight_interval():
    score = score_retrieval("perfect", "class", *clusters(), "cross-patient")
    assert score.macro_p[10].value == 1
    assert score.macro_p[10].low == 1
    assert score.macro_map10.value == 1
    assert score.chance == pytest.approx(1 / 3)


def test_the_query_is_never_its_own_hit_and_scopes_hold():
    vectors, labels, patients = clusters()
    lesions = np.arange(60).astype(str)  # a label only the query itself carries
    for scope in ("all", "cross-patient", "same-patient"):
        assert not rank(vectors, lesions, patients, scope).relevant.any()
    assert not rank(vectors, patients, patients, "cross-patient").relevant.any()
    same = rank(vectors, labels, patients, "same-patient")
    assert same.available.tolist() == [2] * 60


def test_an_embedding_without_information_scores_chance():
    rng = np.random.default_rng(0)
    _, labels, patients = clusters()
    vectors = rng.standard_normal((60, 8)).astype(np.float32)
    score = score_retrieval("noise", "class", vectors, labels, patients, "cross-patient")
    assert score.macro_p[10].low < 1 / 3 < score.macro_p[10].high


def nodule(name: str, number: int, area: int = 10) -> Nodule:
    return Nodule(f"{name}-{number}", name, name, "solid", 8.0, 0.7, number, area, "test")


def test_the_same_nodule_must_be_found_two_slices_away():
    nodules = [nodule("p", 1, area=99), nodule("p", 2), nodule("p", 3), nodule("q", 1)]
    adjacent_is_nearest = np.array([[1, 0], [1, 0.01], [0, 1], [0.5, 0.5]], np.float32)
    assert score_same_lesion("m", adjacent_is_nearest, nodules).recall_at_1.value == 0
    far_is_near_too = np.array([[1, 0], [1, 0.01], [0.9, 0.1], [0.5, 0.5]], np.float32)
    score = score_same_lesion("m", far_is_near_too, nodules)
    assert score.recall_at_1.value == 1
    assert score.queries == 1  # the nodule with one slice has nothing to find


@pytest.mark.shared
def test_pixels_on_real_nodules_are_near_chance_for_texture(shared_data):
    images, nodules = read_lidc(shared_data / "lidc")
    training = images[[i for i, n in enumerate(nodules) if n.split == "train"][::40]]
    report = evaluate_lidc(images, nodules, {"pixel PCA": PixelPCA(training, 16)}, ("cross-patient", "all"))
    texture = next(s for s in report.scores if s.label == "texture" and s.scope == "cross-patient")
    assert 0.28 < texture.macro_p[10].value < 0.42
    assert report.same_lesion[0].recall_at_1.value > 0.5
    table = to_markdown(report)
    assert "| pixel PCA |" in table
    assert "paper_map@10" in table
