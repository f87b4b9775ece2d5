"""Whose images are kept, and what is said of it."""

from dataclasses import replace

import pytest

from tests.tools.intake.test_series import frame
from tools.intake.messages import FrameKeys
from tools.intake.patients import CONTRADICTION, FILLED, NO_NUMBERS, OTHER_NUMBERS, is_placeholder, patients_of


def images(count: int, study: str = "1", date: str = "20240101", **facts):
    uids = {"study_uid": study, "series_uid": facts.pop("series_uid", f"{study}.1")}
    facts = {"sex": None, "age_years": None, **facts}
    return [frame(z=i, fill=i, keys=FrameKeys(study_date=date), **uids, **facts) for i in range(count)]


def kept(*groups):
    frames = [one for group in groups for one in group]
    for number, one in enumerate(frames, start=1):
        one.record = replace(one.record, file=number)
    first, *others = patients_of(frames)
    return first, [one.record.file for other in others for one in other.frames], first.remarks


@pytest.mark.parametrize(
    "number",
    ["", " ", "0", "000000", "ANONYMOUS", "anonymized", "Unknown", "UNKNOWN^ID", "TEST", "xxxx", "N/A", "9999"],
)
def test_placeholders_name_nobody(number):
    assert is_placeholder(number)


@pytest.mark.parametrize("number", ["1", "0001", "PATIENT001", "TEST-7", "4711", "ANON-3f2a", "X-g23", "99"])
def test_pseudonyms_and_short_numbers_name_somebody(number):
    assert not is_placeholder(number)


@pytest.mark.parametrize("missing", ["", "ANONYMOUS"])
def test_a_number_that_is_missing_in_part_of_a_series_is_filled_and_said(missing):
    patient, others, remarks = kept(images(3, patient_id="A", sex="F"), images(4, patient_id=missing, sex="F"))

    assert len(patient.frames) == 7
    assert patient.number == "A"
    assert (others, remarks) == ([], (FILLED,))


def test_capitals_and_spaces_make_no_other_patient():
    assert kept(images(3, patient_id=" ab 12"), images(3, patient_id="AB12 "))[1:] == ([], ())


def test_two_numbers_in_one_series_are_one_patient_where_sex_and_age_agree_and_it_is_said():
    told = {"sex": "F", "age_years": 34}

    assert kept(images(3, patient_id="A", **told), images(3, patient_id="B", **told))[1:] == ([], (OTHER_NUMBERS,))
    assert kept(images(3, patient_id="A"), images(2, patient_id="B"))[1:] == ([4, 5], ())
    assert kept(images(3, patient_id="A", **told), images(2, patient_id="B", sex="M", age_years=34))[1] == [4, 5]


@pytest.mark.parametrize("facts", [{"sex": "M"}, {"birth_year": 1953}, {"age_years": 71}])
def test_one_series_is_two_patients_where_facts_disagree(facts):
    patient, others, _ = kept(
        images(4, patient_id="A", sex="F", age_years=34, birth_year=1990),
        images(3, patient_id="", **{"sex": "F", "age_years": 34, "birth_year": None} | facts),
    )

    assert patient.number == "A"
    assert others == [5, 6, 7]


@pytest.mark.parametrize("number", ["", "UNKNOWN", "0"])
def test_people_without_a_number_are_told_apart_by_sex_and_age(number):
    woman = images(3, "1", patient_id=number, sex="F", age_years=34)

    for other in ({"sex": "M", "age_years": 34}, {"sex": "F", "age_years": 37}, {"sex": "F", "birth_year": 1953}):
        patient, others, remarks = kept(woman, images(4, "2", patient_id=number, **other))
        assert len(patient.frames) == 4
        assert len(others) == 3
        assert patient.number == ""
        assert remarks == ()


def test_examinations_without_a_number_stay_together_where_sex_and_age_agree_over_the_years():
    prior = images(3, "1", "20180101", patient_id="", sex="F", age_years=46)
    current = images(4, "2", "20240312", patient_id="", sex="F", age_years=52)

    patient, others, remarks = kept(prior, current)

    assert (len(patient.frames), others, remarks) == (7, [], (NO_NUMBERS,))


def test_without_a_number_or_facts_the_study_decides():
    patient, others, _ = kept(
        images(3, "1", patient_id=""), images(4, "2", patient_id=""), images(2, "2", patient_id="", series_uid="2.2")
    )

    assert {one.record.study_uid for one in patient.frames} == {"2"}
    assert len(patient.frames) == 6
    assert len(others) == 3


def test_one_number_with_contradicting_facts_is_kept_and_said():
    patient, others, remarks = kept(images(3, "1", patient_id="A", sex="F"), images(3, "2", patient_id="A", sex="M"))

    assert (len(patient.frames), others, remarks) == (6, [], (CONTRADICTION,))


def test_an_age_over_89_agrees_with_any_such_age():
    _, others, remarks = kept(
        images(1, "1", "20100101", patient_id="A", sex="F", age_years=90),
        images(1, "2", "20240101", patient_id="A", sex="F", age_years=90),
    )

    assert (others, remarks) == ([], ())
