import stat

from hypothesis import given
from hypothesis import strategies as st

from tools.domain.patient_keys import PatientKeys, load_patient_keys

IDENTIFIERS = st.text(min_size=1).filter(lambda text: text == text.strip() and text)


@given(IDENTIFIERS, IDENTIFIERS)
def test_equal_patients_match_and_others_do_not(one, other):
    keys = PatientKeys(b"secret")
    assert (keys.patient(one) == keys.patient(other)) == (one == other)
    assert keys.patient(one) == keys.patient(f" {one} ")  # DICOM pads with spaces


@given(IDENTIFIERS)
def test_a_key_depends_on_the_secret_and_on_what_it_names(identifier):
    keys = PatientKeys(b"secret")
    assert keys.patient(identifier) != PatientKeys(b"other").patient(identifier)
    assert keys.patient(identifier)[2:] != keys.study(identifier)[2:]


def test_an_installation_keeps_one_secret_that_only_its_user_can_read(tmp_path):
    first = load_patient_keys(tmp_path / "data")
    assert load_patient_keys(tmp_path / "data") == first
    assert load_patient_keys(tmp_path / "elsewhere") != first
    (secret,) = (tmp_path / "data").iterdir()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_machines_with_one_salt_make_the_same_keys(tmp_path):
    assert load_patient_keys(tmp_path / "a", "salt") == load_patient_keys(tmp_path / "b", "salt")
