from pathlib import Path

from tools.settings import Settings


def test_everything_has_a_working_default(monkeypatch):
    monkeypatch.delenv("LESION_SEARCH_DATA")
    monkeypatch.delenv("LESION_SEARCH_MODEL")
    settings = Settings()
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
