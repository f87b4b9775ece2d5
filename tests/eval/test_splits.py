"""A patient stays on one side for good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.splits import split_of

KNOWN = ["train", "train", "train", "train", "train"]


@given(patient=st.text(min_size=1))
def test_raising_the_share_only_moves_patients_to_test(patient):
    sides = [split_of(patient, share) for share in (0.0, 0.2, 0.5, 1.0)]
    assert sides == sorted(sides, reverse=True)  # train … test
    assert sides[0] == "train"
    assert sides[-1] == "test"


def test_the_share_is_about_what_was_asked():
    sides = [split_of(f"P{i}") for i in range(5000)]
    assert sides.count("test") / 5000 == pytest.approx(0.2, abs=0.02)


def test_the_split_of_a_known_patient_never_changes():
    assert [split_of(f"LIDC-IDRI-{i:04d}") for i in (1, 2, 3, 4, 5)] == KNOWN


def test_a_share_above_one_is_refused():
    with pytest.raises(ValueError, match="fraction"):
        split_of("P1", 1.5)
