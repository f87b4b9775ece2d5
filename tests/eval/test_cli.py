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


def test_json_is_one_document(monkeypatch):
    from eval.performance import encoding

    measured = encoding.measure_speed
    monkeypatch.setattr(encoding, "measure_speed", lambda embedder: measured(embedder, rois=16, repeats=1))
    result = CliRunner().invoke(app, ["speed", "--json", "--threads", "1"])
    assert result.exit_code == 0
    assert json.loads(result.output)["threads"] == 1
