"""`lesion-search cases`: a lesion is kept, listed, changed, given away, taken in and forgotten, by commands alone."""

import json
import shutil
import sys
import zipfile

import pytest

from encoder.pack import read_pack


@pytest.fixture
def command(monkeypatch, capsys, demo, tmp_path):
    """Run a command over own cases in a folder of this test; exit code, standard output, standard error."""
    from tools.settings import get_settings
    from ui.cli.main import main

    shutil.copytree(demo.settings.data, tmp_path / "data")
    monkeypatch.setenv("LESION_SEARCH_DATA", str(tmp_path / "data"))
    get_settings.cache_clear()

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["lesion-search", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    yield run
    get_settings.cache_clear()


@pytest.fixture
def save(command, demo):
    """Save the liver lesion of the demo as some type; its id."""

    def keep(lesion_type, *more):
        case = demo.case("liver")
        arguments = ("--roi", case.roi, "--slice", case.slice, "--type", lesion_type)
        code, out, err = command("cases", "save", case.folder, *arguments, *more)
        assert code == 0, err
        return out.split()[-1].rstrip(".")

    return keep


def listed(command, *options):
    code, out, _ = command("cases", "list", "--json", *options)
    assert code == 0
    return json.loads(out)["cases"]


def test_a_case_goes_all_its_way(command, save, tmp_path):
    assert listed(command) == []
    lesion_id = save("adrenal adenoma", "--confirmed-by", "pathology", "--note", "Washout above 60 %.")
    [case] = listed(command)
    assert (case["lesion_id"], case["lesion_type"], case["confirmed_by"]) == (lesion_id, "adrenal adenoma", "pathology")
    assert case["note"] == "Washout above 60 %."
    assert listed(command, "--type", "cyst") == []
    assert len(listed(command, "--confirmed-by", "pathology")) == 1

    assert command("cases", "edit", lesion_id, "--difficulty", "hard", "--note", "")[0] == 0
    [case] = listed(command)
    assert (case["difficulty"], case["note"], case["confirmed_by"]) == ("hard", "", "pathology")
    code, out, _ = command("cases", "list")
    assert code == 0
    assert "adrenal" in out

    for name in ("pack", "pack.zip"):
        code, out, _ = command("cases", "export", "--out", tmp_path / name)
        assert (code, out.startswith("1 case written")) == (0, True)
    assert read_pack(tmp_path / "pack").lesions[0].lesion_id == lesion_id
    assert "lesions.csv" in zipfile.ZipFile(tmp_path / "pack.zip").namelist()

    assert command("cases", "delete", lesion_id)[0] == 0
    assert listed(command) == []
    code, out, _ = command("cases", "import", tmp_path / "pack.zip")
    assert (code, out) == (0, "1 of 1 cases added or changed.\n")
    assert listed(command)[0]["difficulty"] == "hard"


def test_what_cannot_be_done_is_one_sentence(command, save, demo, tmp_path):
    case = demo.case("liver")
    place = ("--roi", case.roi, "--slice", case.slice)
    for arguments, said in [
        (("save", case.folder, *place, "--type", "a name of far too many words"), "at most 4 words"),
        (
            ("save", case.folder, *place, "--type", "cyst", "--note", "Seen by Dr Doe on 3.4.2021."),
            "must not identify anybody",
        ),
        (("save", case.folder, *place, "--type", "cyst", "--confirmed-by", "rumour"), "pathology, follow-up, opinion"),
        (("delete", "own-0"), "There is no own case 'own-0'"),
        (("edit", "own-0"), "Nothing was to change"),
        (("export", "--out", tmp_path / "none.zip"), "no own cases to export"),
    ]:
        code, out, err = command("cases", *arguments)
        assert (code, out) == (2, ""), arguments
        assert said in err.strip().splitlines()[-1], err
    assert listed(command) == []


def test_where_saving_is_not_allowed_it_is_said(command, demo, monkeypatch):
    from tools.settings import get_settings

    case = demo.case("liver")
    monkeypatch.setenv("LESION_SEARCH_OWN_CASES", "read")
    get_settings.cache_clear()
    code, _, err = command("cases", "save", case.folder, "--roi", case.roi, "--slice", case.slice, "--type", "cyst")
    assert code == 2
    assert "LESION_SEARCH_OWN_CASES=on" in err
