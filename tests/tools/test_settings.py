import re
from pathlib import Path

import pytest

from tests.conftest import REPO
from tools.intake.intake import intake_limits
from tools.settings import Settings, SettingsError, get_settings


def test_everything_has_a_working_default(monkeypatch):
    monkeypatch.delenv("LESION_SEARCH_DATA")
    monkeypatch.delenv("LESION_SEARCH_MODEL")
    settings = get_settings()
    assert settings.model == "auto"
    assert (settings.atlas, settings.encoder, settings.salt) == (None, None, None)
    assert settings.data.is_absolute()


def test_the_environment_names_model_atlas_encoder_and_data(monkeypatch):
    monkeypatch.setenv("LESION_SEARCH_MODEL", "openai:some-model")
    monkeypatch.setenv("LESION_SEARCH_ATLAS", "http://atlas.example:8000")
    monkeypatch.setenv("LESION_SEARCH_ENCODER", "encoders/mine")
    monkeypatch.setenv("LESION_SEARCH_DATA", "/data")
    settings = Settings()
    assert settings.model == "openai:some-model"
    assert settings.atlas == "http://atlas.example:8000"
    assert settings.encoder == "encoders/mine"
    assert settings.samples.is_relative_to(Path("/data"))


def test_the_salt_does_not_show(monkeypatch):
    monkeypatch.setenv("LESION_SEARCH_SALT", "hush-hush")
    assert "hush-hush" not in repr(Settings())


def test_uploads_are_limited_to_200_mb_by_one_setting(monkeypatch):
    monkeypatch.setenv("LESION_SEARCH_MAX_UPLOAD_MB", "200")
    assert intake_limits(get_settings()).max_upload_bytes == 200 * 1024 * 1024


@pytest.mark.parametrize("value", ["x", "", "0", "-1", "2.5", "1e3", "nan"])
@pytest.mark.parametrize("name", ["MAX_UPLOAD_MB", "IDLE_MINUTES", "MAX_HITS"])
def test_nonsense_is_one_sentence(monkeypatch, name, value):
    monkeypatch.setenv(f"LESION_SEARCH_{name}", value)
    with pytest.raises(SettingsError) as caught:
        get_settings()
    assert str(caught.value) == f"LESION_SEARCH_{name} must be a whole number above 0, and is {value!r}."


def test_no_more_hits_are_shown_unasked_than_may_be_asked_for(monkeypatch):
    monkeypatch.setenv("LESION_SEARCH_MAX_HITS", "5")
    with pytest.raises(SettingsError, match="LESION_SEARCH_HITS must be at most LESION_SEARCH_MAX_HITS, 5, and is 10"):
        get_settings()


def test_the_reference_lists_every_setting_with_its_default():
    page = (REPO / "docs" / "reference" / "settings.md").read_text()
    rows = re.findall(r"^\| `LESION_SEARCH_(\w+)` \| (.+) \| (.+) \|$", page, re.M)
    listed = {name.lower(): default.strip("`") for name, _, default in rows}
    fields = Settings.model_fields
    assert list(listed) == list(fields)
    assert all(description for _, description, _ in rows)
    for name, field in fields.items():
        if field.default in (None, "", {}):
            assert not listed[name].isdigit()  # in words: the shipped weights
        elif name == "data":
            assert Path(listed[name]).expanduser() == field.default
        else:
            assert listed[name] == str(field.default)
