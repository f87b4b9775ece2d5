"""Tables go between their markers and nowhere else."""

import pytest

from eval.documents import DocumentError, insert_tables

DOCUMENT = "before\n<!-- measured: speed -->\nold\n<!-- end: speed -->\nafter\n"


def test_a_table_replaces_the_last_one_and_repeats_exactly(tmp_path):
    document = tmp_path / "CARD.md"
    document.write_text(DOCUMENT)
    tables = {"speed": "| a |\n|---|\n| \\1 |\n", "elsewhere": "x"}
    assert insert_tables(document, tables) == 1
    once = document.read_text()
    assert once == "before\n<!-- measured: speed -->\n| a |\n|---|\n| \\1 |\n<!-- end: speed -->\nafter\n"
    insert_tables(document, tables)
    assert document.read_text() == once


def test_one_table_may_be_written_alone(tmp_path):
    document = tmp_path / "CARD.md"
    document.write_text(DOCUMENT + DOCUMENT.replace("speed", "retrieval"))
    assert insert_tables(document, {"retrieval": "new"}, only_these=True) == 1
    assert document.read_text() == DOCUMENT + DOCUMENT.replace("speed", "retrieval").replace("old", "new")


def test_an_unknown_marker_is_named_and_nothing_is_written(tmp_path):
    document = tmp_path / "CARD.md"
    document.write_text(DOCUMENT)
    with pytest.raises(DocumentError, match="speed"):
        insert_tables(document, {"retrieval": "x"})
    assert document.read_text() == DOCUMENT
