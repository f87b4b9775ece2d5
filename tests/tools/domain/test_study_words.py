import pytest

from tools.domain.study import SafeFacts
from tools.domain.study_words import age_words, earlier_words, lossy_words, series_words, spacing_words

FACTS = {"modality": "CT", "slices": 5, "rows": 4, "columns": 4}


@pytest.mark.parametrize(
    ("age_years", "words"), [(0, "under 1 year"), (1, "1 year"), (64, "64 years"), (90, "90 years or older")]
)
def test_ages(age_years, words):
    assert age_words(age_years) == words


@pytest.mark.parametrize(
    ("spacing", "words"),
    [((0.7, 0.7), "0.70 mm"), ((0.5, 1.0), "0.5 × 1.0 mm"), ((0.488, 0.977), "0.49 × 0.98 mm")],
)
def test_spacings(spacing, words):
    assert spacing_words(*spacing) == words


@pytest.mark.parametrize(
    ("years", "words"),
    [
        (None, ""), (0, ""), (6.19, "6 years earlier"), (1.02, "1 year earlier"), (0.25, "3 months earlier"),
        (0.09, "1 month earlier"), (0.03, "11 days earlier"),
    ],
)  # fmt: skip
def test_relative_times(years, words):
    assert earlier_words(years) == words


def test_a_series_is_named_by_what_tells_it_apart():
    facts = SafeFacts(
        **FACTS, plane="coronal", kind="mip", kernel="soft", phase_part=1, phase_parts=2, years_before_newest=6.19
    )

    assert series_words(facts) == [
        "coronal", "intensity projection", "soft kernel", "phase 1 of 2", "6 years earlier",
    ]  # fmt: skip
    assert series_words(SafeFacts(**FACTS, plane="axial", kind="original")) == ["axial"]
    assert series_words(SafeFacts(**FACTS, years_before_newest=0)) == ["newest examination"]


def test_loss_is_named_with_its_ratio():
    assert lossy_words(SafeFacts(**FACTS)) is None
    assert lossy_words(SafeFacts(**FACTS, lossy=True)) == "lossy"
    assert lossy_words(SafeFacts(**FACTS, lossy=True, lossy_ratio=9.8)) == "lossy, about 10:1"
