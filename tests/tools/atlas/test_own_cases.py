"""Own cases: what is saved is there, whole, and found; what is deleted is gone."""

import subprocess
import sys
import time

import numpy as np
import pytest

from encoder.pack import LesionRow, PackError
from tests.tools.atlas.conftest import FINGERPRINT, KEYS, embed, make_pack
from tools.atlas.chroma_store import _connect as connect
from tools.atlas.own_cases import CaseContent, CaseError, OwnCases
from tools.domain.free_text import NoteError

IMAGES = make_pack(6, seed=3).images


def cases_in(folder, **options) -> OwnCases:
    return OwnCases(folder, FINGERPRINT, KEYS, lambda images: embed(images[:, 0]), **options)


def content(number: int = 0, note: str = "", **fields) -> CaseContent:
    row = LesionRow(f"own-{number:012x}", f"MRN-{number}", **{"lesion_type": "adrenal adenoma"} | fields)
    return CaseContent(row, np.stack((IMAGES[number], IMAGES[number] // 2)), note)


def test_a_case_is_kept_with_record_picture_and_note_and_comes_back(tmp_path):
    cases = cases_in(tmp_path)
    assert cases.atlas() is None
    assert cases.cases() == ()
    cases.save([content(1, "Washout > 60 %.", confirmed_by="pathology", difficulty="hard", long_axis_mm=21.5)])
    cases.close()
    again = cases_in(tmp_path)
    (case,) = again.cases()
    lesion = case.lesion
    assert (lesion.lesion_type, lesion.confirmed_by, lesion.difficulty, case.note) == (
        "adrenal adenoma",
        "pathology",
        "hard",
        "Washout > 60 %.",
    )
    assert lesion.patient_key == KEYS.patient("MRN-1")
    np.testing.assert_array_equal(again.content(lesion.lesion_id).image, content(1).image)


def test_a_first_save_that_was_killed_stands_in_nobody_s_way(tmp_path):
    connect(str(tmp_path)).close()  # its database was made, and nothing more
    cases = cases_in(tmp_path)
    assert cases.atlas() is None
    cases.save([content(1)])
    assert cases.holds("own-000000000001")


def test_an_edit_changes_what_is_said_and_nothing_else(tmp_path):
    cases = cases_in(tmp_path)
    cases.save([content(1, "A note.", confirmed_by="opinion", difficulty="easy"), content(2)])
    cases.edit("own-000000000001", lesion_type="myelolipoma", difficulty=None)
    edited = cases.get("own-000000000001")
    assert (edited.lesion.lesion_type, edited.lesion.confirmed_by, edited.lesion.difficulty, edited.note) == (
        "myelolipoma",
        "opinion",
        None,
        "A note.",
    )
    assert cases.get("own-000000000002").lesion.lesion_type == "adrenal adenoma"
    assert cases.edit("own-000000000001", note="").note == ""
    assert cases_in(tmp_path).get("own-000000000001").note == ""
    with pytest.raises(PackError, match="confirmed_by"):
        cases.edit("own-000000000001", confirmed_by="hearsay")


def test_a_deleted_case_leaves_nothing_and_can_be_saved_again(tmp_path):
    cases = cases_in(tmp_path)
    cases.save([content(1, "Marked note."), content(2)])
    gone = cases.delete("own-000000000001")
    atlas = cases.atlas()
    assert atlas is not None
    assert atlas.store.roi("own-000000000001") is None
    assert atlas.store.metadata_of(["own-000000000001"]) == {}
    with pytest.raises(CaseError, match="no own case"):
        cases.get("own-000000000001")
    cases.save([gone])
    assert cases.get("own-000000000001").note == "Marked note."


def test_cases_are_listed_by_type_and_by_how_they_were_confirmed(tmp_path):
    cases = cases_in(tmp_path)
    cases.save([content(1, confirmed_by="pathology"), content(2, lesion_type="cyst"), content(3, lesion_type="cyst",
                confirmed_by="pathology")])  # fmt: skip
    ids = [case.lesion.lesion_id[-1] for case in cases.cases(["Cyst"])]
    assert ids == ["2", "3"]
    assert [case.lesion.lesion_id[-1] for case in cases.cases(["cyst"], "pathology")] == ["3"]
    assert len(cases.cases(confirmed_by="pathology")) == 2


def test_where_nothing_may_be_saved_cases_are_read_and_never_written(tmp_path):
    cases_in(tmp_path).save([content(1)])
    reader = cases_in(tmp_path, writable=False)
    assert len(reader.cases()) == 1
    for attempt in (lambda: reader.save([content(2)]), lambda: reader.delete("own-000000000001"),
                    lambda: reader.edit("own-000000000001", note="x")):  # fmt: skip
        with pytest.raises(CaseError, match="OWN_CASES"):
            attempt()
    assert len(reader.cases()) == 1


def test_a_note_that_names_somebody_is_not_saved(tmp_path):
    cases = cases_in(tmp_path)
    with pytest.raises(NoteError, match="looks like"):
        cases.save([content(1, "Seen with Mrs. Miller")])
    assert cases.cases() == ()


SAVING = """
import sys
from pathlib import Path
from tests.tools.atlas.test_own_cases import cases_in, content
import dataclasses
cases = cases_in(Path(sys.argv[1]))
number = 0
while True:
    number += 1
    one = content(number % 6)
    row = dataclasses.replace(one.row, lesion_id=f"own-{number:012x}")
    cases.save([dataclasses.replace(one, row=row, note=f"case {number}")])
    print(row.lesion_id, flush=True)
"""


def test_killed_while_saving_nothing_acknowledged_is_lost_and_nothing_is_half_there(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", SAVING, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(5)]
    time.sleep(0.05)  # somewhere within the next ones
    process.kill()
    acknowledged += process.stdout.read().split()
    process.wait()
    cases = cases_in(tmp_path)
    found = cases.cases()
    assert {*acknowledged} <= {case.lesion.lesion_id for case in found}
    for case in found:
        one = cases.content(case.lesion.lesion_id)
        number = int(one.row.lesion_id[4:], 16)
        assert one.note == f"case {number}"
        np.testing.assert_array_equal(one.image, content(number % 6).image)
    atlas = cases.atlas()
    assert atlas is not None
    assert len(atlas.search(embed(IMAGES[:1])[0], k=50).hits) == len(found)
    cases.save([content(0)])
