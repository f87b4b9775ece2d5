"""Calibration: probabilities that mean what they say, silence where nothing is similar, and no stale fit."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.tools.atlas.conftest import CLUSTERED_DIM, FINGERPRINT, KEYS, clustered, embed_clustered
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.atlas.calibration import (
    CALIBRATION_VERSION,
    UNCALIBRATED_DISTANCE,
    Calibration,
    expected_calibration_error,
    fit_calibration,
    usual_distance,
)
from tools.atlas.type_votes import VoteFit
from tools.domain.lesions import AtlasError


def test_probabilities_are_calibrated_on_patients_never_seen(overlapping_atlas: Atlas) -> None:
    calibration = overlapping_atlas.calibration()
    assert calibration
    assert calibration.ece_before
    assert calibration.ece_after
    assert calibration.ece_after < 0.06
    assert calibration.ece_after < calibration.ece_before / 2
    pack, codes = clustered(400, spread=2.6, seed=5)
    top, right = [], []
    for vector, code in zip(embed_clustered(pack.images), codes, strict=True):
        votes = overlapping_atlas.search(vector).votes
        if votes:
            assert sum(vote.probability for vote in votes) == pytest.approx(1)
            top.append(votes[0].probability)
            right.append(votes[0].lesion_type == ("bone", "liver", "lung", "pelvis")[code])
    assert len(top) > 370
    assert abs(np.mean(top) - np.mean(right)) < 0.05


def test_far_from_everything_nothing_is_guessed(separate_atlas: Atlas) -> None:
    far = np.zeros(CLUSTERED_DIM, np.float32)
    far[10:20] = -1
    result = separate_atlas.search(far)
    assert result.confidence == "none"
    assert result.votes == ()
    assert len(result.hits) == 10


def test_confidence_falls_with_distance(separate_atlas: Atlas) -> None:
    order = ("none", "low", "moderate", "high")
    near = np.eye(CLUSTERED_DIM, dtype=np.float32)[1]
    between = near + np.eye(CLUSTERED_DIM, dtype=np.float32)[2]
    levels = [order.index(separate_atlas.search(v).confidence) for v in (near, between, -near)]
    assert levels[0] == 3
    assert levels == sorted(levels, reverse=True)


def test_calibration_is_kept_with_the_atlas(separate_atlas: Atlas) -> None:
    assert Atlas(separate_atlas.location, FINGERPRINT, KEYS).calibration() == separate_atlas.calibration()


def test_a_single_patient_gives_nothing_to_calibrate_on(tmp_path: Path) -> None:
    pack, _ = clustered(3, spread=1)
    atlas = Atlas(tmp_path / "a", FINGERPRINT, KEYS, create=True)
    index_pack(atlas, pack, embed_clustered)
    assert atlas.calibration() is None
    result = atlas.search(embed_clustered(pack.images[:1])[0])
    assert (result.confidence, result.votes, len(result.hits)) == ("none", (), 3)


def test_expected_calibration_error_of_an_overconfident_guesser() -> None:
    truth = np.array([0, 1] * 50)
    sure = np.tile([0.99, 0.01], (100, 1))
    assert expected_calibration_error(sure, truth) == pytest.approx(0.49, abs=0.01)
    assert expected_calibration_error(np.tile([0.5, 0.5], (100, 1)), truth) == pytest.approx(0, abs=0.01)


def test_similarity_is_a_half_for_a_usual_pair_of_one_type(overlapping_atlas: Atlas) -> None:
    calibration = overlapping_atlas.calibration()
    assert calibration
    lesions = list(overlapping_atlas.lesions())
    vectors, rng = overlapping_atlas.vectors(), np.random.default_rng(3)
    drawn = []
    for first, second in rng.integers(len(lesions), size=(4000, 2)):
        a, b = lesions[first], lesions[second]
        if a.lesion_type == b.lesion_type and a.patient_key != b.patient_key:
            drawn.append(calibration.similarity(float(vectors[first] @ vectors[second])))
    assert np.median(drawn) == pytest.approx(0.5, abs=0.04)
    assert calibration.similarity(1.0) == 1.0
    assert 0 <= calibration.similarity(-1.0) < 0.5


def test_hits_tell_cosine_and_similarity(overlapping_atlas: Atlas) -> None:
    vector = overlapping_atlas.vectors()[0]
    hits = overlapping_atlas.search(vector).hits
    assert hits[0].cosine == pytest.approx(1, abs=1e-5)
    assert hits[0].similarity == pytest.approx(overlapping_atlas.similarity(vector, hits[0].lesion.lesion_id), abs=1e-4)
    assert [hit.similarity for hit in hits] == sorted((hit.similarity for hit in hits), reverse=True)


def test_without_two_lesions_of_a_type_a_usual_distance_is_assumed() -> None:
    vectors = np.eye(4, dtype=np.float32)
    assert usual_distance(vectors, np.array([0, 1, 2, -1]), np.arange(4)) == UNCALIBRATED_DISTANCE
    assert usual_distance(vectors, np.array([0, 0, 0, 0]), np.zeros(4, np.int64)) == UNCALIBRATED_DISTANCE
    assert usual_distance(vectors, np.array([0, 0, 1, 1]), np.arange(4)) == pytest.approx(1.0)


def test_confidence_needs_similarity_and_agreement() -> None:
    fit = Calibration(VoteFit(), none_below=0.3, moderate_from=0.6, high_from=0.8, queries=100)
    assert fit.confidence(0.9, 0.95) == "high"
    assert fit.confidence(0.9, 0.6) == "moderate"
    assert fit.confidence(0.9, 0.3) == "low"
    assert fit.confidence(0.7, 0.95) == "moderate"
    assert fit.confidence(0.5, 0.95) == "low"
    assert fit.confidence(0.2, 0.95) == "none"
    assert fit.confidence(0.9, None) == "high"


@pytest.fixture
def stale(tmp_path: Path) -> Atlas:
    """An atlas whose stored calibration is of no version and wrong."""
    atlas = Atlas(tmp_path / "stale", FINGERPRINT, KEYS, create=True)
    index_pack(atlas, clustered(90, spread=1.4)[0], embed_clustered)
    wrong = Calibration(VoteFit(), none_below=2.0, moderate_from=3.0, high_from=4.0, queries=1)
    facts = {name: value for name, value in atlas.store.facts().items() if name != "calibration_version"}
    atlas.store.remember(facts | {"calibration": wrong.to_json()})
    return atlas


def reopened(atlas: Atlas, **options: Any) -> Atlas:
    return Atlas(atlas.location, FINGERPRINT, KEYS, **options)


@pytest.mark.parametrize("version", [None, CALIBRATION_VERSION + 1])
def test_a_calibration_of_another_version_is_fitted_again_and_stored(stale: Atlas, version: int | None) -> None:
    if version is not None:
        stale.store.remember(stale.store.facts() | {"calibration_version": version})
    before = stale.store.facts()
    calibration = reopened(stale).calibration()
    assert calibration
    assert calibration.queries == 90
    after = stale.store.facts()
    assert Calibration.from_json(after["calibration"]) == calibration == reopened(stale).calibrate()
    assert after["calibration_version"] == CALIBRATION_VERSION
    assert {name: after[name] for name in ("fingerprint", "keys", "revision")} == {
        name: before[name] for name in ("fingerprint", "keys", "revision")
    }


def test_a_calibration_of_other_fields_is_fitted_again(stale: Atlas) -> None:
    stale.store.remember(stale.store.facts() | {"calibration": '{"vote": {}, "slope": 1.0}'})
    calibration = reopened(stale).calibration()
    assert calibration
    assert calibration.queries == 90


def test_a_large_atlas_keeps_its_old_calibration_says_so_and_is_cured_by_indexing(
    stale: Atlas, caplog: pytest.LogCaptureFixture
) -> None:
    large = reopened(stale, max_in_memory=1)
    old = large.calibration()
    assert old
    assert old.queries == 1
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert "was calibrated by another version of this program" in warning
    assert "index its ROI pack into it again" in warning
    assert index_pack(large, clustered(90, spread=1.4)[0], embed_clustered) == 0
    new = large.calibration()
    assert new
    assert new.queries == 90
    assert large.is_calibrated()


def test_an_atlas_that_cannot_be_written_is_calibrated_in_memory(
    stale: Atlas, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    before = stale.store.facts()
    atlas = reopened(stale)

    def refuse(facts: dict[str, Any]) -> None:
        raise AtlasError("attempt to write a readonly database")

    monkeypatch.setattr(atlas.store, "remember", refuse)
    calibration = atlas.calibration()
    assert calibration
    assert calibration.queries == 90
    assert "cannot be stored: attempt to write a readonly database" in caplog.text
    assert stale.store.facts() == before


def test_a_current_calibration_is_not_fitted_again(separate_atlas: Atlas, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.atlas.atlas.calibrate", lambda *_: pytest.fail("fitted again"))
    assert reopened(separate_atlas).calibration()


def test_a_changed_fit_needs_a_new_version() -> None:
    """Whoever changes these numbers raises CALIBRATION_VERSION, so that stored calibrations are fitted again."""
    rng = np.random.default_rng(0)
    own, patients = rng.integers(0, 3, 200), np.arange(200) // 2
    similarities = -np.sort(-rng.uniform(0.5, 1, (200, 12)), axis=1)
    like_own = rng.random((200, 12)) < 2 * similarities - 1.5
    types = np.where(like_own, own[:, None], rng.integers(0, 3, (200, 12)))
    fit = fit_calibration(similarities, types, own, patients, np.array([0.5, 0.3, 0.2]))
    assert CALIBRATION_VERSION == 2
    assert fit.vote == VoteFit(bandwidth=0.12, smoothing=0.05, temperature=0.6)
    assert (fit.queries, fit.accuracy) == (200, 0.71)
    assert (fit.none_below, fit.moderate_from, fit.high_from) == pytest.approx((0.837818, 0.929715, 0.962995), abs=1e-6)
    assert (fit.ece_before, fit.ece_after) == pytest.approx((0.137495, 0.065994), abs=1e-6)
    assert usual_distance(np.eye(200, dtype=np.float32), own, patients) == 1
