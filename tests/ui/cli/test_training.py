"""`train` as people run it: nothing overwritten, and at the end where, how good, and what next."""

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoder.embedder import load_embedder
from encoder.training import train as training
from encoder.training.presets import Optimization, Preset, Stage
from ui.cli.arguments import ArgumentError
from ui.cli.training import run_training

TINY = Preset(
    name="default",
    dim=16,
    projection_dim=8,
    stages=(Stage("simclr", epochs=1, loss="nt_xent", batch=8, optimization=Optimization("adamw", 1e-3)),),
)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """A network that trains in a second."""
    original = training.LesionEncoderConfig
    small: dict[str, Any] = {"widths": (8, 8, 16, 16), "depths": (1, 1, 1, 1)}
    monkeypatch.setattr(training, "LesionEncoderConfig", lambda **given: original(**given | small))
    monkeypatch.setattr(training, "get_preset", lambda _: TINY)


def pack_at(folder: Path, splits: tuple[str, ...]) -> Path:
    """Twenty-four lesions of two types that differ, each of a patient of its own."""
    rng = np.random.default_rng(0)
    images = rng.integers(-100, 100, (24, 64, 64)).astype(np.int16)
    images[::2, 24:40, 24:40] += 500
    folder.mkdir()
    np.save(folder / "images.npy", images)
    rows = [f"L{i},P{i},{'liver' if i % 2 else 'bone'},{splits[i % len(splits)]}" for i in range(24)]
    (folder / "lesions.csv").write_text("\n".join(["lesion_id,patient_id,lesion_type,split", *rows]) + "\n")
    return folder


def test_it_ends_with_where_how_good_and_what_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack, out = pack_at(tmp_path / "my pack", ("train", "train", "validation", "validation")), tmp_path / "run"
    run_training([pack], out, "default", None, None, False)
    where, how_good, following = capsys.readouterr().err.strip().splitlines()[-3:]
    load_embedder(str(out))
    assert str(out) in where
    assert "by chance 50%" in how_good
    assert "12 validation lesions of 12 patients" in how_good
    assert shlex.split(following.split(": ")[1])[3] == str(pack)

    with pytest.raises(ArgumentError, match="nothing is overwritten"):
        run_training([pack], out, "default", None, None, False)
    run_training([pack], out, "default", None, out, False)  # a run goes on in its own folder


@pytest.mark.parametrize(("on_validation", "said"), [(False, "`split` = validation"), (True, "trained on the valid")])
def test_what_was_not_held_out_is_not_measured(
    on_validation: bool, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pack = pack_at(tmp_path / "pack", ("train", "validation") if on_validation else ("train",))
    run_training([pack], tmp_path / "run", "default", None, None, on_validation)
    how_good = capsys.readouterr().err.strip().splitlines()[-2]
    assert "was not measured" in how_good
    assert said in how_good
