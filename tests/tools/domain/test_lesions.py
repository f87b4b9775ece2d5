"""The eight types stand under their published names and codes."""

from tools.domain.lesions import DEEPLESION_TYPES


def test_the_types_are_those_of_the_data_set_in_the_order_of_its_codes() -> None:
    assert DEEPLESION_TYPES == ("bone", "abdomen", "mediastinum", "liver", "lung", "kidney", "soft tissue", "pelvis")
