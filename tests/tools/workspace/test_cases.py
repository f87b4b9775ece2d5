"""A region becomes a case of one's own, is found, given away, taken in and forgotten, and names nobody."""

import shutil
import zipfile
from dataclasses import replace

import numpy as np
import pydicom
import pytest

from encoder.pack import read_pack
from tests.conftest import open_case
from tools.atlas.own_cases import CaseError, OwnCases
from tools.atlas.upkeep import back_up
from tools.domain.lesions import Filters
from tools.intake.intake import read_study
from tools.pipelines.case_exchange import export_cases, import_cases
from tools.pipelines.demo import patient_keys
from tools.workspace.cases import delete_case, edit_case, list_cases, rewrite_case, save_region
from tools.workspace.search import search_region
from tools.workspace.session import Workspace
from tools.workspace.undo import bring_back

MARK = b"XYZZYMARK"


@pytest.fixture
def looking(demo, workspace, tmp_path):
    """A liver lesion of the demo, clicked, beside own cases in a folder of this test."""
    from tools.atlas.group import AtlasGroup

    keys = patient_keys(demo.settings)
    own = OwnCases(tmp_path / "own", workspace.embedder.fingerprint, keys, workspace.embedder)
    group = AtlasGroup(workspace.atlas.members(), workspace.embedder.fingerprint, own)
    here = Workspace(workspace.session, group, workspace.embedder)
    case = demo.case("liver")
    open_case(here, case, demo)
    here.session.add_click(case.slice - 1, *case.centre)
    return here


def test_a_saved_region_is_found_under_its_new_type_and_names_its_atlas(looking):
    saved = save_region(looking, "R1", "adrenal adenoma", "pathology", "hard", "Washout above 60 %.")
    found = search_region(looking, "R1", 3, Filters(lesion_types=("Adrenal Adenoma",), scope="all"))
    (hit,) = found.hits
    assert (hit.lesion_id, hit.lesion_type, hit.atlas, hit.confirmed_by) == (
        saved.lesion_id,
        "adrenal adenoma",
        "own cases",
        "pathology",
    )
    assert hit.similarity == pytest.approx(1, abs=1e-3)
    assert "Washout" not in found.model_dump_json()
    assert "Washout" not in list_cases(looking).model_dump_json()
    assert list_cases(looking).cases[0].has_note


def test_an_existing_type_keeps_its_spelling_and_the_same_region_is_one_case(looking):
    first = save_region(looking, "R1", "LIVER")
    again = save_region(looking, "R1", "cyst")
    assert (first.lesion_type, again.lesion_type) == ("liver", "cyst")
    assert first.lesion_id == again.lesion_id
    assert list_cases(looking).total == 1
    assert list_cases(looking, ("liver",)).total == 0


def test_what_is_not_said_anew_of_a_saved_case_stays(looking):
    saved = save_region(looking, "R1", "cyst", "follow-up", "hard", "Thin wall.")
    save_region(looking, "R1", "abscess")
    case = looking.atlas.own.get(saved.lesion_id)
    assert (case.lesion.lesion_type, case.lesion.confirmed_by, case.lesion.difficulty) == (
        "abscess",
        "follow-up",
        "hard",
    )
    assert case.note == "Thin wall."
    save_region(looking, "R1", "abscess", note="")
    case = looking.atlas.own.get(saved.lesion_id)
    assert (case.lesion.confirmed_by, case.lesion.difficulty, case.note) == (None, None, "")


@pytest.mark.parametrize("name", ["", "a name of far too many words", "<b>bold</b>", "line\nbreak and a sentence here"])
def test_a_type_is_a_short_name(looking, name):
    with pytest.raises(CaseError, match="at most 4 words"):
        save_region(looking, "R1", name)


def test_every_change_can_be_undone(looking):
    saved = save_region(looking, "R1", "cyst", note="Thin wall.")
    edit_case(looking, saved.lesion_id, lesion_type="abscess")
    delete_case(looking, saved.lesion_id)
    own = looking.atlas.own
    assert own.cases() == ()
    bring_back(looking.session)
    assert own.get(saved.lesion_id).lesion.lesion_type == "abscess"
    bring_back(looking.session)
    assert (own.get(saved.lesion_id).lesion.lesion_type, own.get(saved.lesion_id).note) == ("cyst", "Thin wall.")
    bring_back(looking.session)
    assert own.cases() == ()


def test_all_of_a_case_is_written_anew_and_what_is_empty_goes(looking):
    saved = save_region(looking, "R1", "cyst", "opinion", "easy", "Thin wall.")
    rewrite_case(looking, saved.lesion_id, "LIVER", None, "hard", "")
    case = looking.atlas.own.get(saved.lesion_id)
    assert (case.lesion.lesion_type, case.lesion.confirmed_by, case.lesion.difficulty) == ("liver", None, "hard")
    assert case.note == ""
    bring_back(looking.session)
    assert looking.atlas.own.get(saved.lesion_id).note == "Thin wall."


@pytest.mark.parametrize("form", ["cases", "cases.zip"])
def test_a_colleague_gets_the_same_cases_with_their_notes(looking, tmp_path, form):
    saved = save_region(looking, "R1", "adrenal adenoma", "follow-up", "easy", "Washout above 60 %.")
    out = tmp_path / form
    assert export_cases(looking.atlas.own, out) == 1
    with pytest.raises(CaseError, match="nothing is overwritten"):
        export_cases(looking.atlas.own, out)
    theirs = OwnCases(tmp_path / "theirs", looking.embedder.fingerprint, looking.atlas.own.keys, looking.embedder)
    assert import_cases(theirs, out).added == 1
    assert import_cases(theirs, out).added == 0
    mine, got = looking.atlas.own.content(saved.lesion_id), theirs.content(saved.lesion_id)
    assert (got.row, got.note) == (mine.row, mine.note)
    np.testing.assert_array_equal(got.image, mine.image)
    if form == "cases":
        assert read_pack(out).lesions[0] == mine.row


def test_nothing_that_identifies_is_in_what_is_saved_or_exported(looking, demo, tmp_path):
    folder = tmp_path / "marked"
    shutil.copytree(demo.case("liver").folder, folder)
    for file in [p for p in folder.rglob("*") if p.is_file()]:
        data = pydicom.dcmread(file)
        for tag in ("PatientName", "PatientID", "StudyDescription", "AccessionNumber", "InstitutionName"):
            setattr(data, tag, MARK.decode())
        data.save_as(file)
    case = demo.case("liver")
    looking.session.open(read_study(folder, patient_keys(demo.settings)))
    looking.session.add_click(case.slice - 1, *case.centre)
    save_region(looking, "R1", "marked type", note="A note.")
    export_cases(looking.atlas.own, tmp_path / "out")
    export_cases(looking.atlas.own, tmp_path / "out.zip")
    back_up(str(tmp_path / "own"), tmp_path / "backup", patient_keys(demo.settings))
    with zipfile.ZipFile(tmp_path / "out.zip") as packed:
        packed.extractall(tmp_path / "unzipped")
    places = ("own", "out", "unzipped", "backup")
    files = [p for where in places for p in (tmp_path / where).rglob("*") if p.is_file()]
    assert {p.relative_to(tmp_path).parts[0] for p in files} == set(places)
    assert not [p.name for p in files if MARK in p.read_bytes()]


def test_only_ct_in_hounsfield_units_is_saved(looking):
    series = looking.session.series
    facts = series.facts.model_copy(update={"units": "arbitrary"})
    study = replace(looking.session.study, series=(replace(series, facts=facts),))
    looking.session.open(study)
    looking.session.add_click(series.middle_slice, series.volume_hu.shape[2] / 2, series.volume_hu.shape[1] / 2)
    with pytest.raises(CaseError, match="Hounsfield"):
        save_region(looking, "R1", "cyst")
