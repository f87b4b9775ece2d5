"""Which body parts have something in common."""

import pytest

from tools.domain.body_regions import may_be_among, regions_of
from tools.domain.dicom_terms import BODY_PARTS


def test_every_term_of_the_standard_lies_somewhere():
    assert [term for term in BODY_PARTS if not regions_of(term)] == []


@pytest.mark.parametrize(
    ("body_part", "others", "common"),
    [
        ("head", ("chest", "abdomen", "liver", "pelvis"), False),
        ("knee", ("chest", "abdomen", "liver", "pelvis"), False),
        ("pelvis", ("lung",), False),
        ("liver", ("abdomen",), True),
        ("abdomen", ("pelvis",), True),  # one scan
        ("chest", ("liver",), True),  # its dome is on every CT of the chest
        ("headneck", ("larynx",), True),
        ("wholebody", ("knee",), True),
        ("head", ("chest", "wholebody"), True),
        (None, ("chest",), False),  # not known: no more than a part that is known to be foreign
        ("", ("chest", "abdomen"), False),
        ("phantom", ("chest",), False),
        (None, ("chest", "unknown"), True),
        (None, (), True),
        ("Kopf", ("chest",), False),
        ("Kopf", ("Schädel",), True),
        ("head", (), True),
        ("head", ("chest", "unknown"), True),  # some lesions may be of the head
        ("head", ("Zentrum",), True),  # cannot be told
    ],
)
def test_nothing_in_common_only_where_it_is_known(body_part, others, common):
    assert may_be_among(body_part, others) is common
