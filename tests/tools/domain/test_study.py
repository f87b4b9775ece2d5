import numpy as np
import pytest
from pydantic import ValidationError

from tools.domain.study import SafeFacts, Series

FACTS = {"modality": "CT", "slices": 5, "rows": 4, "columns": 4}


@pytest.mark.parametrize(
    "facts",
    [
        {"modality": "Smith^Mary"},
        {"body_part": "left knee of Mary"},
        {"body_part": "CHEST"},
        {"sex": "female"},
        {"age_years": 91},
        {"kvp": float("nan")},
        {"units": "Smith"},
    ],
)
def test_free_text_and_impossible_values_cannot_become_facts(facts):
    with pytest.raises(ValidationError) as caught:
        SafeFacts(**FACTS | facts)

    assert "Smith" not in str(caught.value)
    assert "Mary" not in str(caught.value)


def test_facts_hold_what_the_standard_lists():
    facts = SafeFacts(**FACTS, body_part="chest", sex="F", age_years=90, contrast=True)

    assert facts.units == "HU"
    assert facts.row_spacing_mm is None


@pytest.mark.parametrize(("slices", "middle"), [(1, 0), (2, 1), (5, 2)])
def test_the_middle_slice_is_within_the_volume(slices, middle):
    volume = np.zeros((slices, 4, 4), dtype=np.int16)
    series = Series("s-1", volume, (1, 1, 1), np.arange(slices, dtype=float), None, None, SafeFacts(**FACTS))

    assert series.middle_slice == middle
