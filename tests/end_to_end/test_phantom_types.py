"""From a box on a phantom's DICOM to its type, the patient's own lesions left out."""

from itertools import islice

from tests.conftest import open_case
from tools.regions import PixelBox
from tools.search import search_region

WANTED_SHARE = 0.85
PER_TYPE = 6


def test_the_top_vote_is_the_true_type(workspace, demo):
    types = sorted({case.lesion_type for case in demo.cases})
    picked = [c for t in types for c in islice((c for c in demo.cases if c.lesion_type == t), PER_TYPE)]
    right = dict.fromkeys(types, 0)
    for case in picked:
        open_case(workspace, case, demo)
        region = workspace.session.add_box(case.slice - 1, PixelBox(*case.box))
        found = search_region(workspace, region.region_id)
        right[case.lesion_type] += bool(found.votes) and found.votes[0].lesion_type == case.lesion_type
    assert len(types) == 8
    assert sum(right.values()) >= WANTED_SHARE * len(picked), right
