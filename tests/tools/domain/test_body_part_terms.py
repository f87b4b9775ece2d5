"""What a hospital's protocol calls a body part, as a term of the standard."""

import pytest

from tools.domain.body_part_terms import body_part_of_code, body_part_of_text
from tools.domain.dicom_terms import BODY_PARTS


def test_every_term_of_the_standard_stands_for_itself():
    assert {term: body_part_of_text(term.lower()) for term in BODY_PARTS} == {term: term for term in BODY_PARTS}


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("KOPF", "HEAD"), ("Tête", "HEAD"), ("CABEZA", "HEAD"), ("TESTA", "HEAD"), ("CABECA", "HEAD"),
        ("HOOFD", "HEAD"),         ("SCHAEDEL", "SKULL"), ("SCHÄDEL", "SKULL"), ("CRANE", "SKULL"), ("CRANEO", "SKULL"),
        ("HALS", "NECK"), ("COU", "NECK"), ("CUELLO", "NECK"), ("PESCOÇO", "NECK"),
        ("THORAX", "CHEST"), ("TORAX", "CHEST"), ("TORACE", "CHEST"), ("poumons", "LUNG"), ("PULMON", "LUNG"),
        ("BAUCH", "ABDOMEN"), ("ADDOME", "ABDOMEN"), ("ABDOME", "ABDOMEN"), ("BUIK", "ABDOMEN"), ("ABDOMAN", "ABDOMEN"),
        ("LEBER", "LIVER"), ("FOIE", "LIVER"), ("FEGATO", "LIVER"), ("BECKEN", "PELVIS"), ("BASSIN", "PELVIS"),
        ("HUEFTE", "HIP"), ("Hüfte", "HIP"), ("LWS", "LSPINE"), ("L-SPINE", "LSPINE"), ("RODILLA", "KNEE"),
        ("THORAX/ABDOMEN", "CHESTABDOMEN"), ("Abd + Pelvis", "ABDOMENPELVIS"), ("Kopf-Hals", "HEADNECK"),
        ("THORAX ABDOMEN BECKEN", "CHESTABDPELVIS"), ("LEFT KNEE", "KNEE"), ("CT ABDOMEN W CONTRAST", "ABDOMEN"),
    ],
)  # fmt: skip
def test_common_words_of_other_languages_are_understood(text, term):
    assert body_part_of_text(text) == term


@pytest.mark.parametrize("text", ["", "UNKNOWN", "MR SMITHS CHEST", "PHANTOM", "BODY", "XYZ", "HEAD KNEE", "头部"])
def test_what_is_not_understood_wholly_stays_unknown(text):
    assert body_part_of_text(text) is None


@pytest.mark.parametrize(
    ("codes", "term"),
    [
        (("T-D1100", "69536005"), "HEAD"), (("T-D3000", "51185008", "816094009"), "CHEST"),
        (("T-D4000", "113345001", "818981001"), "ABDOMEN"), (("T-D6000", "12921003", "816092008"), "PELVIS"),
        (("T-D1600", "45048000"), "NECK"), (("T-62000", "10200004"), "LIVER"),
        (("R-FAB56", "416775004"), "CHESTABDPELVIS"),
    ],
)  # fmt: skip
def test_codes_of_both_snomed_schemes_are_understood(codes, term):
    assert {body_part_of_code(code) for code in codes} == {term}
    assert body_part_of_code("T-00000") is None


def test_every_code_stands_for_a_term_of_the_standard():
    from tools.domain.body_part_terms import _coded

    assert set(_coded().values()) <= BODY_PARTS
