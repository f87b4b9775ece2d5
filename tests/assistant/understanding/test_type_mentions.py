"""Lesion types are found in whatever atlas there is, in the words people have for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.understanding.type_mentions import find_types, folded, spelled_out
from assistant.understanding.type_words import MORE_TYPE_WORDS, ORGAN_WORDS, TYPE_WORDS
from tools.domain.lesions import DEEPLESION_TYPES

OTHER = ("hepatic cyst", "adenoma", "ground-glass nodule", "lymph node", "Zorblat", "spleen", "adrenal metastasis")


def found(text, types):
    return [(text[m.start : m.end], m.name) for m in find_types(text, types)]


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("liver and bony ones", [("liver", "liver"), ("bony", "bone")]),
        ("soft-tissue, not the kidnye", [("soft-tissue", "soft tissue"), ("kidnye", "kidney")]),
        ("onyl livr, no boen", [("livr", "liver"), ("boen", "bone")]),
        ("the pancreas, the brain", [("pancreas", "abdomen"), ("brain", "?")]),
        ("nodes in the chest", [("nodes in the chest", "mediastinum")]),
        ("nodes in the chest wall", [("nodes in the chest wall", "soft tissue")]),
        ("leber oder lunge", [("leber", "liver"), ("lunge", "lung")]),
        ("he lives with a long line of doctors, a hematoma", []),
        ("only real cases in boxes, spiral CT in color", []),
    ],
)
def test_deeplesion_s_types_in_the_words_of_the_tables(text, types):
    assert found(text, DEEPLESION_TYPES) == types


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ("liver cysts and nodes, no ggns", [("liver cysts", "hepatic cyst"), ("nodes", "lymph node"),
                                            ("ggns", "ground-glass nodule")]),
        ("ground glass ones, adenomata", [("ground glass", "ground-glass nodule"), ("adenomata", "adenoma")]),
        ("zorblatts like this nodule", [("zorblatts", "Zorblat")]),
        ("adrenal mets, splenic ones", [("adrenal mets", "adrenal metastasis"), ("splenic", "spleen")]),
        ("in the kidney", [("kidney", "?")]),
    ],
)  # fmt: skip
def test_the_types_of_any_atlas_by_their_names(text, types):
    assert found(text, OTHER) == types


def test_a_part_that_several_names_share_names_none_of_them():
    assert found("only cysts", ("hepatic cyst", "renal cyst")) == []
    assert found("renal cysts", ("hepatic cyst", "renal cyst")) == [("renal cysts", "renal cyst")]


@given(
    st.lists(st.text("abcdeäéöxyzABC0123", min_size=1, max_size=12), min_size=1, max_size=5),
    st.text(max_size=60),
)
def test_each_name_is_found_wherever_it_stands(types, text):
    names = tuple({folded(name): name for name in types}.values())
    for name in names:
        assert folded(name) in {folded(m.name) for m in find_types(folded(f"only {name}, please"), names)}
    text = folded(text)
    for mention in find_types(text, names):
        assert 0 <= mention.start < mention.end <= len(text)


def test_an_expression_of_the_tables_is_spelled_out_in_words_it_takes():
    import re

    assert spelled_out("ha?emangiomas?") == ["haemangiomas", "haemangioma", "hemangiomas", "hemangioma"]
    for table in (TYPE_WORDS, MORE_TYPE_WORDS, ORGAN_WORDS):
        for row in (row for rows in table.values() for row in rows):
            assert all(re.fullmatch(row, word) for word in spelled_out(row)), row
