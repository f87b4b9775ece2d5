"""What is known of study and atlas keeps confidence low, and says why."""

import pytest

from tools.atlas.confidence import LIMIT_WORDS, MIN_CALIBRATED_ON, limited
from tools.domain.lesions import Confidence
from tools.domain.study import SafeFacts

PARTS = ("chest", "abdomen")


def study(**facts) -> SafeFacts:
    return SafeFacts(**{"modality": "CT", "slices": 5, "rows": 64, "columns": 64, "body_part": "chest"} | facts)


@pytest.mark.parametrize("likeness", ["none", "low", "moderate", "high"])
def test_a_study_of_the_atlas_s_own_kind_keeps_its_confidence(likeness: Confidence):
    assert limited(likeness, study(), PARTS, synthetic_atlas=False, calibrated_on=MIN_CALIBRATED_ON) == (likeness, None)
    assert limited(likeness, study(synthetic=True), PARTS, synthetic_atlas=True, calibrated_on=MIN_CALIBRATED_ON) == (
        likeness,
        None,
    )


@pytest.mark.parametrize(
    ("facts", "synthetic_atlas", "likeness", "expected"),
    [
        ({}, True, "high", ("low", "synthetic atlas")),
        ({}, True, "moderate", ("low", "synthetic atlas")),
        ({}, True, "low", ("low", None)),  # low by itself
        ({"body_part": "head"}, False, "high", ("none", "body part")),
        ({"body_part": "head"}, True, "high", ("none", "body part")),  # the stronger reason
        ({"body_part": "head"}, True, "none", ("none", None)),  # nothing was similar
        ({"body_part": None}, False, "high", ("none", "unknown body part")),
        ({"body_part": None}, True, "low", ("none", "unknown body part")),
        ({"body_part": None, "body_part_seen": "head"}, False, "high", ("none", "body part")),
        ({"body_part": None, "body_part_seen": "limb"}, False, "high", ("none", "body part")),
        ({"body_part": None, "body_part_seen": "chest"}, False, "high", ("moderate", "body part seen")),
        ({"body_part": None, "body_part_seen": "chest"}, False, "low", ("low", None)),
        ({"body_part": None, "body_part_seen": "chest"}, True, "high", ("low", "synthetic atlas")),
        ({"units": "arbitrary"}, False, "high", ("none", "units")),
        ({"plane": "axial"}, False, "high", ("high", None)),
        ({"plane": "coronal"}, False, "high", ("low", "plane")),
        ({"plane": "oblique"}, True, "low", ("low", "plane")),
        ({"plane": "coronal", "body_part": "head"}, True, "low", ("none", "body part")),
        ({"kind": "localizer"}, False, "high", ("none", "image kind")),
        ({"kind": "mip"}, True, "low", ("none", "image kind")),
        ({"kind": "average"}, False, "high", ("high", None)),
    ],
)
def test_a_study_of_another_kind_is_limited_and_told_why(facts, synthetic_atlas, likeness, expected):
    assert limited(likeness, study(**facts), PARTS, synthetic_atlas, MIN_CALIBRATED_ON) == expected
    assert expected[1] is None or LIMIT_WORDS[expected[1]]


def test_an_atlas_of_a_few_lesions_is_sure_of_nothing():
    assert limited("high", study(), PARTS, synthetic_atlas=False, calibrated_on=2) == ("low", "few lesions")
