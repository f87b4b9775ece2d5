"""Votes: probabilities that mean what they say, and silence where nothing is similar."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoder.pack import LesionRow, RoiPack
from tools.atlas.atlas import Atlas
from tools.atlas.type_votes import Calibration, VoteFit, calibrate, expected_calibration_error, type_probabilities
from tools.domain.lesions import Filters
from tools.domain.patient_keys import PatientKeys

KEYS = PatientKeys(b"a salt for tests")
DIM = 32


def clustered(count: int, spread: float, seed: int = 0) -> tuple[RoiPack, np.ndarray]:
    """A pack whose images carry their own vector: four types around four directions."""
    rng = np.random.default_rng(seed)
    centres = np.eye(4, DIM)
    codes = rng.integers(0, 4, count)
    vectors = centres[codes] + rng.normal(0, spread / np.sqrt(DIM), (count, DIM))
    images = np.zeros((count, 64, 64), np.int16)
    images[:, 0, :DIM] = (vectors * 1000).astype(np.int16)
    rows = tuple(
        LesionRow(f"L{i:04}", f"P{i // 3}", lesion_type=("bone", "liver", "lung", "pelvis")[codes[i]])
        for i in range(count)
    )
    return RoiPack(images, rows), codes


def embed(images: np.ndarray) -> np.ndarray:
    vectors = images[:, 0, :DIM].astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def build(folder: Path, pack: RoiPack) -> Atlas:
    atlas = Atlas(folder, "f" * 64, KEYS, create=True)
    atlas.index(pack, embed)
    return atlas


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    """Four types well apart."""
    return build(tmp_path_factory.mktemp("atlas"), clustered(600, spread=1.4)[0])


@pytest.fixture(scope="module")
def overlapping(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    """Four types that are often mistaken for each other."""
    return build(tmp_path_factory.mktemp("overlapping"), clustered(600, spread=2.6)[0])


def test_probabilities_are_calibrated_on_patients_never_seen(overlapping: Atlas) -> None:
    calibration = overlapping.calibration()
    assert calibration
    assert calibration.ece_before
    assert calibration.ece_after
    assert calibration.ece_after < 0.06
    assert calibration.ece_after < calibration.ece_before / 2
    pack, codes = clustered(400, spread=2.6, seed=5)
    top, right = [], []
    for vector, code in zip(embed(pack.images), codes, strict=True):
        votes = overlapping.search(vector).votes
        if votes:
            assert sum(vote.probability for vote in votes) == pytest.approx(1)
            top.append(votes[0].probability)
            right.append(votes[0].lesion_type == ("bone", "liver", "lung", "pelvis")[code])
    assert len(top) > 370
    assert abs(np.mean(top) - np.mean(right)) < 0.05


def test_far_from_everything_nothing_is_guessed(atlas: Atlas) -> None:
    far = np.zeros(DIM, np.float32)
    far[10:20] = -1
    result = atlas.search(far)
    assert result.confidence == "none"
    assert result.votes == ()
    assert len(result.hits) == 10


def test_confidence_falls_with_distance(atlas: Atlas) -> None:
    order = ("none", "low", "moderate", "high")
    near = np.eye(DIM, dtype=np.float32)[1]
    between = near + np.eye(DIM, dtype=np.float32)[2]
    levels = [order.index(atlas.search(v).confidence) for v in (near, between, -near)]
    assert levels[0] == 3
    assert levels == sorted(levels, reverse=True)


def test_filters_choose_hits_but_do_not_lead_the_votes(atlas: Atlas) -> None:
    vector = np.eye(DIM, dtype=np.float32)[1] + 0.6 * np.eye(DIM, dtype=np.float32)[0]
    free = atlas.search(vector)
    led = atlas.search(vector, filters=Filters(lesion_types=("bone",)))
    assert {hit.lesion.lesion_type for hit in led.hits} == {"bone"}
    if led.votes:
        assert led.votes == free.votes


def test_calibration_is_kept_with_the_atlas(atlas: Atlas) -> None:
    assert Atlas(atlas.location, "f" * 64, KEYS).calibration() == atlas.calibration()


def test_an_atlas_without_types_has_hits_and_no_votes(tmp_path: Path) -> None:
    pack, _ = clustered(60, spread=1)
    bare = RoiPack(pack.images, tuple(LesionRow(row.lesion_id, row.patient_id) for row in pack.lesions))
    atlas = Atlas(tmp_path / "a", "f" * 64, KEYS, create=True)
    atlas.index(bare, embed)
    result = atlas.search(embed(pack.images[:1])[0])
    assert result.votes == ()
    assert result.confidence != "none"


def test_a_single_patient_gives_nothing_to_calibrate_on(tmp_path: Path) -> None:
    pack, _ = clustered(3, spread=1)
    atlas = Atlas(tmp_path / "a", "f" * 64, KEYS, create=True)
    atlas.index(pack, embed)
    assert atlas.calibration() is None
    result = atlas.search(embed(pack.images[:1])[0])
    assert (result.confidence, result.votes, len(result.hits)) == ("none", (), 3)


@given(st.integers(0, 10_000), st.builds(VoteFit, st.floats(0.002, 1), st.floats(0.01, 5), st.floats(0.2, 2)))
@settings(max_examples=60, deadline=None)
def test_probabilities_always_sum_to_one(seed: int, fit: VoteFit) -> None:
    rng = np.random.default_rng(seed)
    similarities = -np.sort(-rng.uniform(-1, 1, (5, 8)), axis=1)
    similarities[0, 3:] = -np.inf
    similarities[1] = -np.inf
    types = rng.integers(-1, 3, (5, 8))
    shares = np.array([0.5, 0.3, 0.2])
    p = type_probabilities(similarities, types, shares, fit)
    assert np.isfinite(p).all()
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert list(np.argsort(-p[1])) == [0, 1, 2]  # no neighbour: the atlas's own shares


def test_expected_calibration_error_of_an_overconfident_guesser() -> None:
    truth = np.array([0, 1] * 50)
    sure = np.tile([0.99, 0.01], (100, 1))
    assert expected_calibration_error(sure, truth) == pytest.approx(0.49, abs=0.01)
    assert expected_calibration_error(np.tile([0.5, 0.5], (100, 1)), truth) == pytest.approx(0, abs=0.01)


def test_confidence_needs_similarity_and_agreement() -> None:
    fit = Calibration(VoteFit(), none_below=0.3, moderate_from=0.6, high_from=0.8, queries=100)
    assert fit.confidence(0.9, 0.95) == "high"
    assert fit.confidence(0.9, 0.6) == "moderate"
    assert fit.confidence(0.9, 0.3) == "low"
    assert fit.confidence(0.7, 0.95) == "moderate"
    assert fit.confidence(0.5, 0.95) == "low"
    assert fit.confidence(0.2, 0.95) == "none"
    assert fit.confidence(0.9, None) == "high"


def test_lesions_of_unknown_type_do_not_vote() -> None:
    similarities = np.array([[0.9, 0.8, 0.7]])
    p = type_probabilities(similarities, np.array([[-1, 1, -1]]), np.array([0.5, 0.5]), VoteFit())
    assert p.argmax() == 1
    fit = calibrate(similarities, np.array([[-1, 1, -1]]), np.array([-1]), np.array([0]), np.array([0.5, 0.5]))
    assert fit.queries == 1
    assert fit.accuracy is None
