"""Tables and headlines go between their markers and nowhere else."""

import pytest
from typer.testing import CliRunner

from eval import bench
from eval.assistant.tool_calls import AgentReport, TurnResult, to_markdown
from eval.cli import DOCUMENTS, app
from eval.documents import HEADLINES, DocumentError, column, headline, insert_headlines, insert_tables, read_tables

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


TABLE = """Of 129 utterances:

| kind | dev | test |
|---|---|---|
| **all** | 96.8 % | {test} |

| answers | dev | test |
|---|---|---|
| a wrong filter | 10 | 2 |
"""
SENTENCE = "Understood: <!-- headline: agent -->old<!-- end: headline -->.\n"


def test_a_column_is_read_across_tables_by_the_first_cell():
    assert column(TABLE.format(test="97.7 %"), "test") == {"**all**": "97.7 %", "a wrong filter": "2"}


def test_the_bench_writes_tables_and_then_their_headlines(tmp_path, monkeypatch):
    measured, readme = tmp_path / "measured.md", tmp_path / "README.md"
    measured.write_text(DOCUMENT + DOCUMENT.replace("speed", "agent"))
    readme.write_text(SENTENCE)
    monkeypatch.setattr(
        bench, "MEASURED", {"speed": lambda data: "fast", "agent": lambda data: TABLE.format(test="98 %")}
    )
    result = CliRunner().invoke(app, ["bench", str(measured), str(readme)])
    assert result.exit_code == 0, result.output
    assert read_tables(measured) == {"speed": "fast\n", "agent": TABLE.format(test="98 %")}
    assert readme.read_text() == SENTENCE.replace("old", "98 %")
    monkeypatch.setitem(bench.MEASURED, "agent", lambda data: TABLE.format(test="99 %"))
    assert CliRunner().invoke(app, ["bench", str(measured), str(readme), "--only", "speed"]).exit_code == 0
    assert readme.read_text() == SENTENCE.replace("old", "98 %")  # as the table that stands
    assert CliRunner().invoke(app, ["bench", str(measured), str(readme), "--only", "agent"]).exit_code == 0
    assert readme.read_text() == SENTENCE.replace("old", "99 %")


def test_a_headline_without_its_table_is_named_and_nothing_is_written(tmp_path):
    document = tmp_path / "README.md"
    document.write_text(SENTENCE)
    with pytest.raises(DocumentError, match="agent"):
        insert_headlines(document, {"speed": TABLE})
    with pytest.raises(DocumentError, match="all"):
        insert_headlines(document, {"agent": "| kind | dev |\n|---|---|\n| **all** | 1 |\n"})
    assert document.read_text() == SENTENCE


def test_the_headline_is_read_from_the_table_as_it_is_made():
    turn = TurnResult(
        conversation="c", turn=1, split="test", kind="age", voice="terse", question="?", expected="", got="", answer="",
        right=True,
    )  # fmt: skip
    report = AgentReport(model="offline", turns=(turn, turn.model_copy(update={"right": False})))
    assert headline("agent", {"agent": to_markdown(report)}) == str(report.exact("test"))


def test_the_documents_show_the_headlines_of_their_tables(tmp_path):
    standing = {name: table for document in DOCUMENTS for name, table in read_tables(document).items()}
    assert set(HEADLINES) < set(standing) <= set(bench.MEASURED)
    for document in DOCUMENTS:
        copy = tmp_path / document.name
        copy.write_text(document.read_text(encoding="utf-8"), encoding="utf-8")
        insert_headlines(copy, standing)
        assert copy.read_text(encoding="utf-8") == document.read_text(encoding="utf-8")
