"""Workers of a real local Ray: the same ids and vectors as without, and one that is killed costs nothing but time."""

import builtins

import numpy as np
import psutil
import pytest

from encoder.embedder import load_embedder
from encoder.pack import PackError, read_pack, write_pack
from tests.tools.atlas.conftest import make_pack
from tests.tools.pipelines.importers.bodies import Ellipsoid
from tests.tools.pipelines.importers.test_volume_masks import write_case
from tools.atlas import build
from tools.atlas.atlas import Atlas
from tools.domain.patient_keys import PatientKeys
from tools.intake.intake import intake_limits
from tools.pipelines import embed, ray_workers
from tools.pipelines.demo import patient_keys
from tools.pipelines.embed import embed_pack
from tools.pipelines.importers.run import ImportOptions, import_annotations
from tools.pipelines.index import index_source
from tools.pipelines.phantoms.generate import make_phantoms
from tools.pipelines.ray_workers import WorkersError
from tools.settings import Settings

LESIONS = 192


@pytest.fixture
def source(tmp_path):
    pack = make_pack(LESIONS)
    write_pack(pack, tmp_path / "pack")
    return tmp_path / "pack"


def settings_in(folder) -> Settings:
    return Settings(data=folder / "data", atlas=str(folder / "atlas"), salt="of this test")


def contents(settings: Settings):
    atlas = Atlas(settings.atlas, load_embedder().fingerprint, patient_keys(settings))
    try:
        return list(atlas.lesions()), atlas.vectors(), [atlas.roi(lesion.lesion_id) for lesion in atlas.lesions()]
    finally:
        atlas.close()


def kill_a_worker():
    workers = [p for p in psutil.Process().children(recursive=True) if p.name().startswith("ray::MapWorker")]
    workers[0].kill()


@pytest.mark.timeout(600)
def test_workers_fill_an_atlas_as_one_process_does_though_one_is_killed(source, tmp_path, monkeypatch):
    pytest.importorskip("ray")
    monkeypatch.setattr(build, "BATCH_SIZE", 24)
    killed = []

    def kill_one(stage, done, total):
        if not killed:
            kill_a_worker()
            killed.append(done)

    spread, alone = settings_in(tmp_path / "spread"), settings_in(tmp_path / "alone")
    assert index_source(source, spread, kill_one, workers=2).added == LESIONS
    assert killed[0] < LESIONS
    assert index_source(source, alone).added == LESIONS
    lesions, vectors, images = contents(spread)
    same_lesions, same_vectors, same_images = contents(alone)
    assert lesions == same_lesions
    np.testing.assert_allclose(vectors, same_vectors, atol=1e-5)
    np.testing.assert_array_equal(images, same_images)
    assert index_source(source, spread, workers=2).added == 0  # and Ray is not even started


@pytest.mark.timeout(600)
def test_workers_import_what_one_process_does_though_one_is_killed(tmp_path):
    pytest.importorskip("ray")
    make_phantoms(tmp_path / "in", patients=2, segmentations=True)
    for number in range(6):
        write_case(tmp_path / "in", f"case_{number}", Ellipsoid((3, -4, 0), (12 + number, 9, 10)))
    (tmp_path / "in" / "labelsTr" / "case_7.nii").write_bytes(b"no mask")  # without an image, and damaged
    keys, limits, killed = PatientKeys(b"of this test"), intake_limits(Settings()), []

    def kill_one(stage, done, total):
        if stage == "Reading volumes" and not killed:
            kill_a_worker()
            killed.append(done)

    spread = ImportOptions(("*",), workers=2)
    many = import_annotations(tmp_path / "in", tmp_path / "many", keys, limits, spread, kill_one)
    assert killed[0] < 6
    one = import_annotations(tmp_path / "in", tmp_path / "one", keys, limits, ImportOptions(("*",)))
    assert many == one
    assert one.left_out
    packs = [read_pack(tmp_path / name) for name in ("many", "one")]
    assert packs[0].lesions == packs[1].lesions
    np.testing.assert_array_equal(packs[0].inputs(), packs[1].inputs())


def test_vectors_that_come_in_any_order_stand_in_their_place(source, tmp_path, monkeypatch):
    monkeypatch.setattr(embed, "CHUNK", 50)  # the last chunk is shorter
    embed_pack(source, tmp_path / "in-order.npy")

    def backwards(files, widths_mm, batches, *worker):
        rows = list(batches)
        work = ray_workers._Embedder(files, widths_mm, rows, None, False)
        for number in reversed(range(len(rows))):
            done = work({"part": np.array([number])})
            yield done["row"], done["vector"]

    monkeypatch.setattr(ray_workers, "embed_on_workers", backwards)
    embed_pack(source, tmp_path / "backwards.npy", workers=2)
    np.testing.assert_allclose(np.load(tmp_path / "backwards.npy"), np.load(tmp_path / "in-order.npy"), atol=1e-6)


def test_workers_need_ray_and_a_pack(source, tmp_path, monkeypatch):
    with pytest.raises(PackError, match="Workers embed ROI packs, and this is none"):
        index_source(tmp_path, settings_in(tmp_path), workers=2)
    real = builtins.__import__

    def without_ray(name, *rest, **more):
        if name.partition(".")[0] == "ray":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_ray)
    with pytest.raises(WorkersError, match=r'pip install "lesion-search\[ray\]"'):
        embed_pack(source, tmp_path / "vectors.npy", workers=2)
