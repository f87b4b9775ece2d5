"""A first start that was killed leaves nothing behind the next one."""

from pathlib import Path

import pytest

from tools.pipelines import demo
from tools.pipelines.phantoms import teaching_cases
from tools.settings import Settings


def test_a_half_made_folder_of_teaching_cases_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teaching_cases, "unpack_teaching_cases", lambda folder, progress: folder.mkdir())
    settings = Settings(data=tmp_path / "data")
    left = settings.data / ".phantoms.4194305"
    left.mkdir(parents=True)
    (left / "slice.dcm").write_bytes(b"x")

    assert demo.ensure_samples(settings) == settings.samples
    assert not left.exists()
    assert [p.name for p in settings.data.iterdir() if p.is_dir()] == ["phantoms"]
