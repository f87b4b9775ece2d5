import pytest

from tests.conftest import open_case
from tools.workspace.compare import compare_with_lesion
from tools.workspace.search import search_region


def test_a_lesion_compared_with_its_own_atlas_record_is_the_same(workspace, demo):
    case = demo.case("kidney")
    open_case(workspace, case, demo)
    workspace.session.add_click(case.slice - 1, *case.centre)
    itself = compare_with_lesion(workspace, "R1", case.lesion_id)
    assert itself.same_patient is True
    assert itself.similarity > 0.7
    other = search_region(workspace, "R1", k=1).hits[0]
    compared = compare_with_lesion(workspace, "R1", other.lesion_id)
    assert compared.same_patient is False
    assert compared.similarity == pytest.approx(other.similarity, abs=0.002)
    assert compared.long_axis_difference_mm == pytest.approx(
        compared.region.long_axis_mm - compared.lesion.long_axis_mm, abs=0.11
    )
