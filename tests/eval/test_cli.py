"""`lesion-search eval` from the outside."""

import json

from typer.testing import CliRunner

from eval.cli import app


def test_help_lists_the_commands():
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for command in ("retrieval", "classification", "speed"):
        assert command in result.output


def test_missing_data_is_one_sentence(tmp_path):
    from eval.encoder.lidc import LabelError

    result = CliRunner().invoke(app, ["retrieval", "--data", str(tmp_path)])
    assert isinstance(result.exception, LabelError)


def test_json_is_one_document():
    result = CliRunner().invoke(app, ["installation", "--json"])
    assert result.exit_code == 0
    assert json.loads(result.output)
