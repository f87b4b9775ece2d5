"""Fixtures every test may use, and an environment that touches nothing outside the test."""

import os
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def isolated_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's machine reaches a test; data goes to a folder of its own."""
    from tools.settings import get_settings

    for name in list(os.environ):
        if name.startswith("LESION_SEARCH_") and name != "LESION_SEARCH_SHARED":
            monkeypatch.delenv(name)
    monkeypatch.setenv("LESION_SEARCH_DATA", str(tmp_path / "lesion-search-data"))
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "False")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    get_settings.cache_clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real CT (see the README, section Data); a test that asks for it is marked `shared`."""
    folder = Path(os.environ.get("LESION_SEARCH_SHARED", REPO.parent / "shared" / "data"))
    if not (folder / "lidc" / "lesions.csv").is_file():
        pytest.skip(f"real CT data is not at {folder}; set LESION_SEARCH_SHARED to its folder")
    return folder
