"""A patient stays on one side for good."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.domain.splits import known_for, split_of

KNOWN = ["validation", "train", "train", "train", "train"]


@given(patient=st.text(min_size=1))
def test_raising_the_validation_share_moves_nobody_out_of_test(patient):
    sides = [split_of(patient, 0.2, share) for share in (0.0, 0.15, 0.8)]
    assert [side == "test" for side in sides] == [sides[0] == "test"] * 3
    assert sides[0] != "validation"
    assert sides[2] != "train"


def test_a_method_judged_on_a_side_never_learned_from_it():
    assert known_for("test") == ("train", "validation")
    assert known_for("validation") == ("train",)


@given(patient=st.text(min_size=1))
def test_raising_the_share_only_moves_patients_to_test(patient):
    sides = [split_of(patient, share) for share in (0.0, 0.2, 0.5, 0.85)]
    assert sides == sorted(sides, key=["train", "validation", "test"].index)
    assert sides[0] != "test"
    assert sides[-1] != "train"


def test_the_share_is_about_what_was_asked():
    sides = [split_of(f"P{i}") for i in range(5000)]
    assert sides.count("test") / 5000 == pytest.approx(0.2, abs=0.02)
    assert sides.count("validation") / 5000 == pytest.approx(0.15, abs=0.02)


def test_the_split_of_a_known_patient_never_changes():
    assert [split_of(f"LIDC-IDRI-{i:04d}") for i in (1, 2, 3, 4, 5)] == KNOWN


@pytest.mark.parametrize("shares", [(1.5, 0.0), (-0.1, 0.1), (0.6, 0.6)])
def test_shares_that_do_not_fit_are_refused(shares):
    with pytest.raises(ValueError, match="fraction"):
        split_of("P1", *shares)
