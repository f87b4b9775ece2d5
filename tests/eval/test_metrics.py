"""Figures of retrieval against hand-counted cases and invariants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from eval.metrics import (
    Share,
    average_precision_at,
    interval,
    macro,
    macro_f1,
    mean_precision_up_to,
    micro,
    patient_bootstrap,
    precision_at,
)

RELEVANT = np.array([[True, False, True, False]])


def count(*values: int) -> np.ndarray:
    return np.array(values)


def test_hand_counted_precision():
    assert precision_at(RELEVANT, count(9), 1)[0] == 1
    assert precision_at(RELEVANT, count(9), 3)[0] == pytest.approx(2 / 3)
    assert mean_precision_up_to(RELEVANT, count(9), 4)[0] == pytest.approx((1 + 1 / 2 + 2 / 3 + 1 / 2) / 4)


def test_fewer_candidates_than_k_are_not_held_against_the_query():
    assert precision_at(RELEVANT, count(3), 4)[0] == pytest.approx(2 / 3)
    assert np.isnan(precision_at(RELEVANT, count(0), 4)[0])


def test_hand_counted_average_precision():
    assert average_precision_at(RELEVANT, count(9), count(2), 4)[0] == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision_at(RELEVANT, count(9), count(5), 4)[0] == pytest.approx((1 + 2 / 3) / 4)
    assert np.isnan(average_precision_at(RELEVANT, count(9), count(0), 4)[0])


@given(relevant=arrays(bool, (7, 10)), k=st.integers(1, 10))
def test_average_precision_never_exceeds_one_and_is_one_when_all_are_relevant(relevant, k):
    total = np.maximum(relevant.sum(1), 1)
    values = average_precision_at(relevant, np.full(7, 10), total, k)
    assert ((values >= 0) & (values <= 1)).all()
    assert (average_precision_at(np.ones((7, 10), bool), np.full(7, 10), np.full(7, 10), k) == 1).all()


def test_macro_counts_classes_and_micro_queries():
    values = np.array([1.0, 1.0, 1.0, 0.0])
    classes = np.array(["a", "a", "a", "b"])
    assert macro(values, classes) == 0.5
    assert micro(values) == 0.75


def test_a_random_order_scores_chance_macro():
    rng = np.random.default_rng(0)
    classes = rng.choice(["a", "b", "c"], 3000, p=[0.8, 0.15, 0.05])
    found = rng.permuted(np.tile(classes, (3000, 1))[:, :10], axis=1)
    shuffled = rng.choice(classes, (3000, 10))
    values = precision_at(shuffled == classes[:, None], np.full(3000, 10), 10)
    assert found.shape == (3000, 10)
    assert macro(values, classes) == pytest.approx(1 / 3, abs=0.02)


def test_the_interval_is_over_patients_not_queries():
    values = np.repeat(np.tile([0.0, 1.0], 10), 50)  # 20 patients, each all wrong or all right
    patients = np.repeat(np.arange(20).astype(str), 50)
    low, high = interval(patient_bootstrap(values, np.full(1000, "x"), patients)[1])
    assert low < 0.35
    assert high > 0.65


def test_the_same_seed_gives_the_same_samples():
    values, classes, patients = (
        np.random.rand(30),
        np.tile(["a", "b", "c"], 10),
        np.repeat(np.arange(10).astype(str), 3),
    )
    first, again = (patient_bootstrap(values, classes, patients, seed=4) for _ in range(2))
    assert np.array_equal(first[0], again[0])


def test_macro_f1_matches_a_hand_count():
    truth = ["a", "a", "b", "b"]
    assert macro_f1(truth, ["a", "b", "b", "b"]) == pytest.approx((2 / 3 + 4 / 5) / 2)


def test_k_out_of_range_is_refused():
    with pytest.raises(ValueError, match="k is between"):
        precision_at(RELEVANT, count(9), 5)


@given(st.integers(0, 400), st.integers(1, 400))
def test_the_interval_holds_the_share(right: int, total: int):
    share = Share(right=min(right, total), total=total)
    low, high = share.interval
    assert 0 <= low <= share.value + 1e-9
    assert share.value - 1e-9 <= high <= 1


def test_wilson_interval_of_a_textbook_case():
    low, high = Share(right=9, total=10).interval
    assert (round(low, 3), round(high, 3)) == (0.596, 0.982)


def test_a_share_is_written_with_its_interval():
    assert str(Share(right=126, total=129)) == "97.7 % (126/129; 93.4–99.2)"
    assert str(Share(right=0, total=0)) == "–"
