"""From a box on a phantom's DICOM to its type: the whole demo atlas, the patient's own lesions left out."""

from collections import Counter
from itertools import groupby

import pytest

from tests.conftest import Demo, open_case, read_truth
from tools.domain.region import PixelBox
from tools.workspace.search import search_region
from tools.workspace.session import Session, Workspace

WANTED_SHARE = 0.85
EVERY = 3  # studies asked, of the 120 that the teaching pack is made of


@pytest.fixture(scope="module")
def full_demo(tmp_path_factory):
    """The demo as a first `make run` makes it, with the DICOM of all patients of its pack."""
    from tools.pipelines.demo import ensure_samples
    from tools.pipelines.phantoms.generate import write_patient
    from tools.settings import Settings

    settings = Settings(data=tmp_path_factory.mktemp("full-demo"))
    samples = ensure_samples(settings)
    cases = read_truth(samples)
    for number in range(60):
        for _ in write_patient(samples, number):
            pass
    return Demo(settings, cases)


def test_the_top_vote_is_the_true_type(full_demo, tmp_path):
    from tools.pipelines.demo import open_workspace_parts

    embedder, atlas = open_workspace_parts(full_demo.settings)
    workspace = Workspace(Session(tmp_path / "session"), atlas, embedder)
    studies = [list(cases) for _, cases in groupby(full_demo.cases, key=lambda case: case.folder)][::EVERY]
    asked, right = Counter(), Counter()
    for cases in studies:
        open_case(workspace, cases[0], full_demo)
        for case in cases:
            region = workspace.session.add_box(case.slice - 1, PixelBox(*case.box))
            votes = search_region(workspace, region.region_id).votes
            asked[case.lesion_type] += 1
            right[case.lesion_type] += bool(votes) and votes[0].lesion_type == case.lesion_type
    assert len(asked) == 8
    assert right.total() >= WANTED_SHARE * asked.total(), {t: f"{right[t]} of {asked[t]}" for t in asked}
