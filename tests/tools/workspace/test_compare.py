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


def test_the_density_in_the_middle_is_that_of_the_lesion_however_small(workspace, demo):
    case = min((c for c in demo.cases if c.lesion_type == "soft tissue"), key=lambda c: c.long_axis_mm)
    open_case(workspace, case, demo)
    region = workspace.session.add_click(case.slice - 1, *case.centre)
    compared = compare_with_lesion(workspace, "R1", case.lesion_id)
    assert region.measurement.short_axis_mm < 12  # the square was so wide, whatever the lesion
    for middle_hu in (compared.region_roi_mean, compared.lesion_roi_mean):
        assert middle_hu == pytest.approx(region.measurement.mean_hu, abs=2 * region.measurement.sd_hu)
