import json

from encoder.pack import read_pack, write_pack
from tests.tools.atlas.test_upkeep import pack_of
from ui.cli.main import main


def run(*arguments):
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as stop:
        return stop.code
    return 0


def test_the_own_atlas_is_examined_and_backed_up(tmp_path, capsys):
    write_pack(pack_of(12), tmp_path / "pack")
    assert run("index", tmp_path / "pack") == 0
    capsys.readouterr()
    assert run("atlas", "info", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["lesions"], found["types"], found["sources"]) == (12, {"liver": 6, "lung": 6}, {"a": 12})
    assert (found["same_encoder"], found["same_salt"], found["calibrated"]) == (True, True, True)
    assert run("atlas", "info") == 0
    shown = capsys.readouterr().out
    assert "labels are doubtful" in shown
    assert "calibration error" in shown
    assert run("atlas", "backup", "--out", tmp_path / "backup") == 0
    assert len(read_pack(tmp_path / "backup")) == 12
    assert run("atlas", "backup", "--out", tmp_path / "backup") == 2
    assert "nothing is overwritten" in capsys.readouterr().err


def test_an_atlas_that_is_not_there_is_said(tmp_path, capsys):
    assert run("atlas", "info", "--atlas", tmp_path / "none") == 2
    assert "There is no atlas at" in capsys.readouterr().err
    assert run("atlas", "info") == 2
    assert "There is no atlas yet" in capsys.readouterr().err
