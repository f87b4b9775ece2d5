"""Atlases and encoders through a hub on loopback, by the commands a person types."""

import csv
import json
import os
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from huggingface_hub import DatasetCard, ModelCard

from encoder.embedder import load_embedder
from encoder.pack import LesionRow, RoiPack, read_pack
from tests.conftest import REPO, Demo
from tests.tools.pipelines.fake_hub import Hub, running_hub
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.domain.patient_keys import PatientKeys
from tools.pipelines.demo import existing_atlases, patient_keys
from tools.pipelines.hub import HubError, push_atlas

KEYS = PatientKeys(b"secret of these tests")


def run(hub: Hub, *words: str) -> subprocess.CompletedProcess[str]:
    """A command as it is typed, on a machine that knows this hub only."""
    names = os.environ | hub.environment() | {"PYTHONPATH": str(REPO)}
    command = (sys.executable, "-m", "ui.cli.main", *words)
    return subprocess.run(command, env=names, capture_output=True, text=True, check=False, timeout=240)


def small_atlas(folder: Path, sources: tuple[str | None, ...], licences: tuple[str | None, ...] | None = None) -> Path:
    """An atlas with a lesion of each source, some with a licence of their own."""
    own = licences or (None,) * len(sources)
    rows = tuple(
        LesionRow(f"L{i}", f"patient {i}", lesion_type="liver", source=source, licence=licence)
        for i, (source, licence) in enumerate(zip(sources, own, strict=True))
    )
    images = np.random.default_rng(0).integers(-200, 300, (len(rows), 64, 64)).astype(np.int16)
    atlas = Atlas(folder, "f" * 64, KEYS, create=True)
    index_pack(
        atlas, RoiPack(images, rows), lambda rois: np.eye(8, dtype=np.float32)[: len(rois)], notes={"L0": "rare"}
    )
    atlas.close()
    return folder


def test_an_atlas_comes_back_from_the_hub_as_it_was_pushed(demo_environment: Demo, tmp_path: Path) -> None:
    embedder = load_embedder(None)
    [location] = existing_atlases(demo_environment.settings, embedder.fingerprint)
    with running_hub() as hub:
        pushed = run(hub, "atlas", "push", "someone/atlas", "--atlas", location)
        assert pushed.returncode == 0, pushed.stderr
        files = hub.files["datasets/someone/atlas"]
        assert {"README.md", "atlas.json", "vectors.npy", "images.npy", "context.npy", "lesions.csv"} <= set(files)
        pulled = run(hub, "atlas", "pull", "someone/atlas", "--out", str(tmp_path / "pulled"))
        assert pulled.returncode == 0, pulled.stderr
        assert "with its own vectors" in pulled.stderr
        assert run(hub, "atlas", "pull", "someone/other", "--out", str(tmp_path / "other")).returncode == 2
    keys = patient_keys(demo_environment.settings)
    before, after = (Atlas(place, embedder.fingerprint, keys) for place in (location, tmp_path / "pulled"))
    assert list(after.lesions()) == [replace(lesion, licence="apache-2.0") for lesion in before.lesions()]
    np.testing.assert_allclose(after.vectors(), before.vectors(), atol=1e-6)
    first = next(iter(before.lesions())).lesion_id
    np.testing.assert_array_equal(after.roi(first), before.roi(first))
    assert json.loads((tmp_path / "pulled" / "licences.json").read_text()) == {"phantom": "apache-2.0"}
    card = DatasetCard(files["README.md"].decode())
    assert (card.data.license, card.data.task_categories) == ("apache-2.0", ["image-feature-extraction"])
    assert f"| phantom | {len(before)} | apache-2.0 |" in card.text
    assert b"PHANTOM-0001" not in b"".join(files.values())


def test_an_encoder_is_pushed_with_its_card(tmp_path: Path) -> None:
    with running_hub() as hub:
        pushed = run(hub, "encoder", "push", "someone/encoder")
        assert pushed.returncode == 0, pushed.stderr
        files = hub.files["models/someone/encoder"]
        for name in ("config.json", "model.safetensors"):
            assert files[name] == (REPO / "encoder" / "weights" / name).read_bytes()
        card = ModelCard(files["README.md"].decode())
        assert (card.data.library_name, card.data.license) == ("transformers", "apache-2.0")
        assert load_embedder(None).fingerprint in card.text
        loads = (
            "import sys; from encoder.network.lesion_encoder import LesionEncoder; "
            "LesionEncoder.from_pretrained('someone/encoder', cache_dir=sys.argv[1])"
        )
        names = os.environ | hub.environment() | {"PYTHONPATH": str(REPO)}
        subprocess.run((sys.executable, "-c", loads, str(tmp_path)), env=names, check=True, timeout=240)
        assert "GET /someone/encoder/resolve" in " ".join(hub.requests)


@pytest.mark.parametrize(
    ("sources", "licences", "said"),
    [
        (("phantom", "clinic"), {}, "source clinic"),
        (("phantom", "clinic"), {"clinic": "cc-by-nd-4.0"}, "stand under cc-by-nd-4.0"),
        ((None,), {}, r"source \(none\)"),
        (("phantom",), {"phantom": "all rights reserved"}, "Nothing was sent"),
    ],
)
def test_what_may_not_be_passed_on_is_refused_before_anything_is_sent(
    tmp_path: Path, sources: tuple[str | None, ...], licences: dict[str, str], said: str
) -> None:
    atlas = small_atlas(tmp_path / "atlas", sources)
    with pytest.raises(HubError, match=said):
        push_atlas(str(atlas), "someone/atlas", KEYS, licences)


def test_the_licence_of_a_lesion_counts_before_that_of_its_source(tmp_path: Path, monkeypatch: Any) -> None:
    sent: dict[str, bytes] = {}
    monkeypatch.setattr(
        "tools.pipelines.hub._upload",
        lambda folder, *_: sent.update({path.name: path.read_bytes() for path in folder.iterdir()}) or "somewhere",
    )
    given = {"clinic": "mit"}
    free = small_atlas(tmp_path / "free", ("clinic", "clinic"), licences=("CC BY 4.0", None))
    assert push_atlas(str(free), "someone/atlas", KEYS, given).by_licence == {"cc-by-4.0": 1, "mit": 1}
    header, *rows = csv.reader(StringIO(sent["lesions.csv"].decode()))
    assert header.count("licence") == 1
    assert [row[header.index("licence")] for row in rows] == ["cc-by-4.0", "mit"]
    bound = small_atlas(tmp_path / "bound", ("clinic",), licences=("CC BY-ND 4.0",))
    with pytest.raises(HubError, match=r"stand under cc-by-nd-4\.0"):
        push_atlas(str(bound), "someone/atlas", KEYS, given)


def test_each_lesion_keeps_its_source_and_licence_and_notes_stay(tmp_path: Path, monkeypatch: Any) -> None:
    sent: dict[str, bytes] = {}

    def kept(folder: Path, *_: object) -> str:
        sent.update({path.name: path.read_bytes() for path in folder.iterdir()})
        read_pack(folder)
        return "somewhere"

    monkeypatch.setattr("tools.pipelines.hub._upload", kept)
    atlas = small_atlas(tmp_path / "atlas", ("LIDC-IDRI", "phantom", "LIDC-IDRI"))
    (atlas / "licences.json").write_text(json.dumps({"LIDC-IDRI": "CC-BY-3.0"}))  # as a pulled atlas has it
    pushed = push_atlas(str(atlas), "someone/atlas", KEYS)
    assert pushed.by_licence == {"apache-2.0": 1, "cc-by-3.0": 2}
    rows = list(csv.DictReader(StringIO(sent["lesions.csv"].decode())))
    assert [(row["source"], row["licence"]) for row in rows] == [
        ("LIDC-IDRI", "cc-by-3.0"), ("phantom", "apache-2.0"), ("LIDC-IDRI", "cc-by-3.0"),
    ]  # fmt: skip
    assert b"rare" not in b"".join(sent.values())
    assert DatasetCard(sent["README.md"].decode()).data.license == ["apache-2.0", "cc-by-3.0"]


def test_a_hub_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    hub = Hub(address="http://127.0.0.1:9")
    tried = run(hub, "atlas", "pull", "someone/atlas", "--out", str(tmp_path / "pulled"))
    assert (tried.returncode, len(tried.stderr.strip().splitlines())) == (2, 1)
    assert "cannot be reached" in tried.stderr
    assert not (tmp_path / "pulled").exists()
