import pytest

from tools.intake.explanations import LEFT_OUT, NOTES, describe_left_out
from tools.intake.messages import Note, Reason


def test_every_reason_and_note_has_a_sentence_that_says_what_to_do():
    assert set(LEFT_OUT) == set(Reason)
    assert set(NOTES) == set(Note)
    assert all(";" in sentence for sentence in LEFT_OUT.values())


@pytest.mark.parametrize(
    ("files", "numbers", "start"),
    [
        (1, [1], "The file was left out:"),
        (12, [3], "File 3 of 12 was left out:"),
        (12, [9, 3, 3, 5], "Files 3, 5 and 9 of 12 were left out:"),
        (2, [1, 2], "All 2 files were left out:"),
        (20, list(range(1, 9)), "Files 1, 2, 3, 4, 5 and 3 more of 20 were left out:"),
    ],
)
def test_files_are_named_by_their_number_in_one_sentence_per_reason(files, numbers, start):
    [sentence] = describe_left_out([(number, Reason.NOT_DICOM) for number in numbers], files)

    assert sentence.startswith(start)
    assert sentence.endswith(".")


def test_each_reason_has_its_own_sentence():
    assert len(describe_left_out([(1, Reason.EMPTY), (2, Reason.CUT), (3, Reason.EMPTY)], 4)) == 2
