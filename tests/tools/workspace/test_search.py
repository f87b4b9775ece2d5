from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import open_case
from tools.domain.lesions import FilterError, Filters
from tools.workspace.search import search_region


@pytest.fixture
def looking(workspace, demo):
    case = demo.case("liver")
    open_case(workspace, case, demo)
    workspace.session.add_click(case.slice - 1, *case.centre)
    return workspace


def test_hits_come_from_other_patients_and_are_kept_in_the_session(looking):
    found = search_region(looking, "R1", k=7)
    own = looking.session.study.patient_key
    assert [hit.rank for hit in found.hits] == list(range(1, 8))
    assert own not in {hit.patient_key for hit in found.hits}
    assert len(looking.session.search_of("R1").hits) == 7
    assert found.synthetic_atlas
    assert found.synthetic_study


def test_the_same_patient_can_be_asked_for(looking):
    found = search_region(looking, "R1", filters=Filters(scope="same-patient"))
    assert {hit.patient_key for hit in found.hits} == {looking.session.study.patient_key}


def test_of_one_patient_the_very_lesion_comes_first(looking):
    found = search_region(looking, "R1", k=3, filters=Filters(scope="same-patient"))
    assert found.hits[0].lesion_type == "liver"
    measured = looking.session.region("R1").measurement.long_axis_mm
    assert found.hits[0].long_axis_mm == pytest.approx(measured, rel=0.2)
    assert [hit.rank for hit in found.hits] == list(range(1, len(found.hits) + 1))


def test_similarity_has_room_below_one(looking):
    similarities = [hit.similarity for hit in search_region(looking, "R1", k=50).hits]
    assert similarities == sorted(similarities, reverse=True)
    assert 0.0 < similarities[-1] < similarities[0] < 0.99


def test_every_hit_passes_every_filter(looking):
    filters = Filters(lesion_types=("LIVER", "kidney"), sex="F", min_age=40, max_age=80, min_size_mm=8, max_size_mm=60)
    found = search_region(looking, "R1", k=50, filters=filters)
    assert found.hits
    assert found.filters.lesion_types == ("liver", "kidney")
    for hit in found.hits:
        assert hit.lesion_type in ("liver", "kidney")
        assert hit.sex == "F"
        assert 40 <= hit.age_years <= 80
        assert 8 <= hit.long_axis_mm <= 60


@pytest.mark.parametrize(
    ("filters", "k", "sentence"),
    [
        (Filters(lesion_types=("spleen",)), 10, "choose from abdomen"),
        (Filters(min_age=60, max_age=50), 10, "smallest age 60 is above the largest 50"),
        (Filters(min_size_mm=3, max_size_mm=2), 10, "smallest size"),
        (Filters(), 0, "ask for 1 to 50"),
    ],
)
def test_what_cannot_be_searched_is_said(looking, filters, k, sentence):
    with pytest.raises(FilterError, match=sentence):
        search_region(looking, "R1", k=k, filters=filters)


def test_of_pixels_without_hu_no_likeness_is_claimed(workspace, demo):
    from pathlib import Path

    from pydicom.data import get_testdata_file

    from tools.domain.region import PixelBox
    from tools.intake.intake import read_study
    from tools.pipelines.demo import patient_keys

    mr = read_study(Path(get_testdata_file("MR_small.dcm")), patient_keys(demo.settings))
    workspace.session.open(mr)
    workspace.session.add_box(0, PixelBox(20, 20, 40, 40))
    found = search_region(workspace, "R1")
    assert found.hits
    assert (found.votes, found.confidence, found.confidence_limit) in (
        ((), "none", "units"),
        ((), "none", None),  # nothing similar anyway
    )


def searched_as(workspace, case, demo, **facts):
    """A phantom case under other facts: the same pixels, so the same likeness."""
    from tools.intake.intake import read_study
    from tools.pipelines.demo import patient_keys

    study = read_study(case.folder, patient_keys(demo.settings))
    [series] = study.series
    changed = replace(series, facts=series.facts.model_copy(update=facts))
    workspace.session.open(replace(study, series=(changed,)))
    workspace.session.add_click(case.slice - 1, *case.centre)
    return search_region(workspace, workspace.session.selected.region_id)


def test_a_real_study_gets_no_high_confidence_from_the_synthetic_atlas(workspace, demo):
    for case in demo.cases[:40]:
        phantom = searched_as(workspace, case, demo)
        if phantom.confidence == "high":
            break
    assert (phantom.confidence, phantom.confidence_limit) == ("high", None)
    real = searched_as(workspace, case, demo, synthetic=False)
    assert (real.confidence, real.confidence_limit) == ("low", "synthetic atlas")
    assert real.votes == phantom.votes
    head = searched_as(workspace, case, demo, body_part="head")
    assert (head.confidence, head.confidence_limit, head.votes) == ("none", "body part", ())
    assert head.hits == phantom.hits


def test_a_study_that_names_no_body_part_gets_less_confidence_than_one_that_does(workspace, demo):
    for case in demo.cases[:40]:
        stated = searched_as(workspace, case, demo)
        if stated.confidence == "high":
            break
    silent = searched_as(workspace, case, demo, body_part=None)
    assert stated.body_part_seen is None
    if silent.body_part_seen is None:
        assert (silent.confidence, silent.confidence_limit, silent.votes) == ("none", "unknown body part", ())
    else:
        assert (silent.confidence, silent.confidence_limit) in (("moderate", "body part seen"), ("none", "body part"))
    assert silent.hits == stated.hits


def test_a_test_object_that_names_no_body_part_gets_no_type(workspace, demo):
    from tools.intake.intake import read_study
    from tools.pipelines.demo import patient_keys

    case = demo.case("liver")
    study = read_study(case.folder, patient_keys(demo.settings))
    [series] = study.series
    y, x = np.mgrid[-1 : 1 : series.facts.rows * 1j, -1 : 1 : series.facts.columns * 1j]
    image = np.where(np.hypot(x, y) < 0.8, 50, -1000).astype(np.int16)
    image[np.hypot(x, y) < 0.1] = 150
    silent = series.facts.model_copy(update={"body_part": None})
    workspace.session.open(
        replace(study, series=(replace(series, volume_hu=np.stack([image] * series.facts.slices), facts=silent),))
    )
    workspace.session.add_click(0, series.facts.columns / 2, series.facts.rows / 2)
    found = search_region(workspace, "R1")
    assert (found.confidence, found.votes, found.body_part_seen) == ("none", (), None)


@pytest.mark.shared
def test_no_type_is_named_in_a_real_head(shared_data, workspace, demo):
    from tools.intake.intake import read_study
    from tools.pipelines.demo import patient_keys

    workspace.session.open(read_study(shared_data / "dicom" / "head_ct_ge", patient_keys(demo.settings)))
    series = workspace.session.series
    inside = np.argwhere(np.asarray(series.volume_hu) > 0)
    limits = set()
    for slice_index, row, column in inside[:: len(inside) // 30]:
        region = workspace.session.add_click(int(slice_index), float(column), float(row))
        found = search_region(workspace, region.region_id)
        assert (found.confidence, found.votes) == ("none", ())
        limits.add(found.confidence_limit)
    assert "body part" in limits  # likeness alone would have named some
