"""Small atlases for the tests of the atlas: one of noisy images, two of types that are more or less alike."""

from pathlib import Path

import numpy as np
import pytest

from encoder.pack import LesionRow, RoiPack
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.atlas.compressed import CompressedVectors
from tools.atlas.searchers import CompressedSearcher, IndexSearcher
from tools.domain.patient_keys import PatientKeys

KEYS = PatientKeys(b"a salt for tests")
FINGERPRINT = "f" * 64
TYPES = ("bone", "liver", "lung", None)
PROJECTION = np.random.default_rng(7).normal(size=(64 * 64, 48)).astype(np.float32)
CLUSTERED_DIM = 32


def embed(images: np.ndarray) -> np.ndarray:
    """Stands in for the encoder: a fixed random projection, unit rows."""
    vectors = images.reshape(len(images), -1).astype(np.float32) @ PROJECTION
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def make_pack(count: int = 600, seed: int = 0) -> RoiPack:
    """Lesions in overlapping clusters by type, four a patient, some values unknown."""
    rng = np.random.default_rng(seed)
    prototypes = np.random.default_rng(1).normal(0, 100, (len(TYPES), 64, 64))
    codes = rng.integers(0, len(TYPES), count)
    images = (prototypes[codes] + rng.normal(0, 250, (count, 64, 64))).astype(np.int16)
    rows = tuple(
        LesionRow(
            lesion_id=f"L{i:04}",
            patient_id=f"MRN-{i // 4:05}",
            lesion_type=TYPES[codes[i]],
            sex=(None, "F", "M")[i // 4 % 3],
            age_years=None if i % 7 == 0 else 20 + i // 4 % 70,
            long_axis_mm=None if i % 11 == 0 else float(5 + i % 40),
            source="test",
            study_id=f"1.2.3.{i // 2}",
            slice=i % 50 + 1,
        )
        for i in range(count)
    )
    return RoiPack(images, rows)


@pytest.fixture(scope="session")
def pack() -> RoiPack:
    return make_pack()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory, pack: RoiPack) -> Path:
    folder = tmp_path_factory.mktemp("atlas")
    index_pack(Atlas(folder, FINGERPRINT, KEYS, create=True), pack, embed)
    return folder


@pytest.fixture(scope="session")
def atlas(folder: Path) -> Atlas:
    return Atlas(folder, FINGERPRINT, KEYS)


@pytest.fixture(scope="session", params=["compressed", "index"])
def indexed(folder: Path, request: pytest.FixtureRequest) -> Atlas:
    """The same atlas as if it were too large for memory, with FAISS and without it."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "index":
            patch.setattr(CompressedVectors, "is_available", lambda: False)
        atlas = Atlas(folder, FINGERPRINT, KEYS, max_in_memory=1)
        searcher = atlas.view().searcher
    assert isinstance(searcher, CompressedSearcher if request.param == "compressed" else IndexSearcher)
    return atlas


def clustered(count: int, spread: float, seed: int = 0) -> tuple[RoiPack, np.ndarray]:
    """A pack whose images carry their own vector: four types around four directions."""
    rng = np.random.default_rng(seed)
    centres = np.eye(4, CLUSTERED_DIM)
    codes = rng.integers(0, 4, count)
    vectors = centres[codes] + rng.normal(0, spread / np.sqrt(CLUSTERED_DIM), (count, CLUSTERED_DIM))
    images = np.zeros((count, 64, 64), np.int16)
    images[:, 0, :CLUSTERED_DIM] = (vectors * 1000).astype(np.int16)
    rows = tuple(
        LesionRow(f"L{i:04}", f"P{i // 3}", lesion_type=("bone", "liver", "lung", "pelvis")[codes[i]])
        for i in range(count)
    )
    return RoiPack(images, rows), codes


def embed_clustered(images: np.ndarray) -> np.ndarray:
    """Stands in for the encoder: each image's own vector, unit rows."""
    vectors = images[:, 0, :CLUSTERED_DIM].astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _build(folder: Path, pack: RoiPack) -> Atlas:
    atlas = Atlas(folder, FINGERPRINT, KEYS, create=True)
    index_pack(atlas, pack, embed_clustered)
    return atlas


@pytest.fixture(scope="session")
def separate_atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    """Four types well apart."""
    return _build(tmp_path_factory.mktemp("atlas"), clustered(600, spread=1.4)[0])


@pytest.fixture(scope="session")
def overlapping_atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    """Four types that are often mistaken for each other."""
    return _build(tmp_path_factory.mktemp("overlapping"), clustered(600, spread=2.6)[0])
