"""A teaching note may speak of a lesion, and of nobody."""

import pytest

from tools.domain.free_text import MAX_NOTE_CHARACTERS, NoteError, check_note


@pytest.mark.parametrize(
    "note",
    [
        "Mr Miller, 63",
        "patient Schmidt, seen twice",
        "John Smith had this in the left adrenal.",
        "Smith, John",
        "DOE^JANE",
        "MRN 88231",
        "accession A-1234",
        "id 4402187",
        "AB12345 was the case",
        "seen on 12.03.2021",
        "seen on 2021-03-12",
        "seen on 3 March 2021",
        "March 3, 2021",
        "DOB 1951",
        "call +49 30 1234567",
        "a.miller@example.org",
        "see https://pacs.example/1",
        "1.2.840.113619.2.55.3",
        "Discussed with Dr. Huber",
    ],
)
def test_what_may_identify_somebody_is_refused_and_shown(note):
    with pytest.raises(NoteError, match="looks like"):
        check_note(note)


@pytest.mark.parametrize(
    "note",
    [
        "Attenuation below 10 HU; absolute washout 65 %, relative 45 %.",
        "Typical Adrenal Adenoma, 21 x 18 mm. Compare with a metastasis of Hodgkin Lymphoma.",
        "Von Hippel-Lindau disease; 1500 HU at the margin, window 400/40.",
        "Bosniak II cyst.\nPitfall: pseudo-enhancement of 5-10 HU.",
        "Follow-up after 24 months without growth (2019 to 2021).",
        "T2 dark. Segment 7. Kernel B30f.",
    ],
)
def test_what_speaks_of_the_lesion_is_kept(note):
    assert check_note(note) == note


def test_spaces_are_put_in_order_and_a_long_note_is_refused():
    assert check_note("  two   spaces \n next ") == "two spaces\nnext"
    with pytest.raises(NoteError, match=str(MAX_NOTE_CHARACTERS)):
        check_note("a " * MAX_NOTE_CHARACTERS)
    with pytest.raises(NoteError, match="cannot be shown"):
        check_note("a\x00b")
