"""The atlas: what is indexed is found, filters hold, and nothing is silently wrong."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from encoder.pack import RoiPack
from tests.conftest import examples
from tests.tools.atlas.conftest import FINGERPRINT, KEYS, embed, make_pack
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.domain.lesions import AtlasError, Filters
from tools.domain.patient_keys import PatientKeys


def expected(pack: RoiPack, vector: np.ndarray, filters: Filters, patient: str | None, k: int) -> list[str]:
    """The exact answer, written down the slow way."""
    passing = []
    for row, similarity in zip(pack.lesions, embed(pack.images) @ vector, strict=True):
        bounds = (
            (filters.min_age, row.age_years, 1),
            (filters.max_age, row.age_years, -1),
            (filters.min_size_mm, row.long_axis_mm, 1),
            (filters.max_size_mm, row.long_axis_mm, -1),
        )
        own = row.patient_id == patient
        if (
            all(bound is None or (value is not None and (value - bound) * sign >= 0) for bound, value, sign in bounds)
            and (not filters.lesion_types or row.lesion_type in filters.lesion_types)
            and filters.sex in (None, row.sex)
            and (filters.scope == "all" or own == (filters.scope == "same-patient"))
        ):
            passing.append((-round(float(similarity), 6), row.lesion_id))
    return [lesion_id for _, lesion_id in sorted(passing)[:k]]


FILTERS = [
    Filters(),
    Filters(scope="all"),
    Filters(scope="same-patient"),
    Filters(lesion_types=("liver",)),
    Filters(lesion_types=("liver", "lung"), sex="F"),
    Filters(sex="F", min_age=60),
    Filters(min_age=30, max_age=50, min_size_mm=20),
    Filters(max_size_mm=20, lesion_types=("lung",)),
]


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_search_is_exact(atlas: Atlas, pack: RoiPack, filters: Filters) -> None:
    for i in range(0, 600, 40):
        patient = pack.lesions[i].patient_id
        vector = embed(pack.images[i : i + 1])[0]
        result = atlas.search(vector, 10, filters, KEYS.patient(patient))
        assert [hit.lesion.lesion_id for hit in result.hits] == expected(pack, vector, filters, patient, 10)
        assert result.candidates == len(expected(pack, vector, filters, patient, 600))
        assert result.atlas_size == 600


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_search_by_the_index_recalls_what_is_exact(indexed: Atlas, pack: RoiPack, filters: Filters) -> None:
    found = wanted = 0
    for i in range(0, 600, 15):
        patient = pack.lesions[i].patient_id
        vector = embed(pack.images[i : i + 1])[0]
        truth = expected(pack, vector, filters, patient, 10)
        hits = indexed.search(vector, 10, filters, KEYS.patient(patient)).hits
        found += len({hit.lesion.lesion_id for hit in hits} & set(truth))
        wanted += len(truth)
        assert len(hits) == len(truth)
    assert found >= 0.99 * wanted


@given(
    st.builds(
        Filters,
        lesion_types=st.lists(st.sampled_from(["bone", "liver", "lung"]), max_size=2, unique=True).map(tuple),
        sex=st.sampled_from([None, "F", "M"]),
        min_age=st.none() | st.integers(0, 100),
        max_age=st.none() | st.integers(0, 100),
        min_size_mm=st.none() | st.floats(0, 50),
        max_size_mm=st.none() | st.floats(0, 50),
        scope=st.sampled_from(["cross-patient", "all", "same-patient"]),
    ),
    st.integers(0, 599),
)
@settings(max_examples=examples(40), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_filters_both_ways(atlas: Atlas, indexed: Atlas, pack: RoiPack, filters: Filters, i: int) -> None:
    patient = pack.lesions[i].patient_id
    vector = embed(pack.images[i : i + 1])[0]
    for one in (atlas, indexed):
        result = one.search(vector, 7, filters, KEYS.patient(patient))
        truth = expected(pack, vector, filters, patient, 600)
        assert result.candidates == len(truth)
        assert {hit.lesion.lesion_id for hit in result.hits} <= set(truth)
        assert len(result.hits) == min(7, len(truth))
        assert [hit.rank for hit in result.hits] == list(range(1, len(result.hits) + 1))
        similarities = [hit.similarity for hit in result.hits]
        assert similarities == sorted(similarities, reverse=True)


def test_nothing_passing_is_an_empty_answer(atlas: Atlas, pack: RoiPack) -> None:
    result = atlas.search(embed(pack.images[:1])[0], filters=Filters(lesion_types=("kidney",)))
    assert (result.hits, result.votes, result.candidates, result.confidence) == ((), (), 0, "none")
    assert atlas.search(embed(pack.images[:1])[0], filters=Filters(scope="same-patient")).candidates == 0


def test_types_are_matched_in_any_case(atlas: Atlas, pack: RoiPack) -> None:
    vector = embed(pack.images[:1])[0]
    assert atlas.search(vector, filters=Filters(lesion_types=("LIVER",))).hits == (
        atlas.search(vector, filters=Filters(lesion_types=("liver",))).hits
    )


def test_ties_go_by_lesion_id(tmp_path: Path) -> None:
    pack = make_pack(12)
    images = np.repeat(pack.images[:1], 12, axis=0)
    order = np.random.default_rng(0).permutation(12)
    atlas = Atlas(tmp_path / "a", FINGERPRINT, KEYS, create=True)
    index_pack(atlas, RoiPack(images, tuple(pack.lesions[i] for i in order)), embed)
    hits = atlas.search(embed(images[:1])[0], 5).hits
    assert [hit.lesion.lesion_id for hit in hits] == ["L0000", "L0001", "L0002", "L0003", "L0004"]


def test_no_identifier_reaches_the_database(folder: Path, atlas: Atlas, pack: RoiPack) -> None:
    lesion = atlas.get("L0005")
    assert lesion.patient_key == KEYS.patient(pack.lesions[5].patient_id)
    assert lesion.study_key == KEYS.study("1.2.3.2")
    for path in folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"MRN-" not in content
            assert b"1.2.3.2" not in content


def test_records_images_counts_and_vectors(atlas: Atlas, pack: RoiPack) -> None:
    assert len(atlas) == 600
    assert atlas.patients == 150
    assert atlas.types() == ("bone", "liver", "lung")
    np.testing.assert_array_equal(atlas.roi("L0123"), pack.images[123])
    assert [lesion.lesion_id for lesion in atlas.lesions()] == [row.lesion_id for row in pack.lesions]
    np.testing.assert_allclose(atlas.vectors(), embed(pack.images), atol=1e-6)
    assert atlas.similarity(embed(pack.images[:1])[0], "L0000") == pytest.approx(1, abs=1e-5)
    for group in ("lesion_type", "sex", "age", "size", "source", "patient", "body_part"):
        assert sum(atlas.counts(group).values()) == 600
    assert list(atlas.counts()) == ["bone", "liver", "lung", "unknown"]
    assert next(iter(atlas.counts("age"))) == "20–29 years"
    with pytest.raises(AtlasError, match="cannot be counted by 'colour'"):
        atlas.counts("colour")
    with pytest.raises(AtlasError, match="no lesion 'L9'"):
        atlas.get("L9")
    with pytest.raises(AtlasError, match="no lesion 'L9'"):
        atlas.roi("L9")


def test_pictures_already_windowed_come_back_as_they_were(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, 64, 64), np.uint8)
    atlas = Atlas(tmp_path / "a", FINGERPRINT, KEYS, create=True)
    index_pack(atlas, RoiPack(images, make_pack(3).lesions), embed)
    np.testing.assert_array_equal(atlas.roi("L0002"), images[2])


def test_another_encoder_is_refused_by_name(folder: Path) -> None:
    with pytest.raises(AtlasError, match=r"encoder ffffffffffff.*encoder eeeeeeeeeeee.*index the ROI pack again"):
        Atlas(folder, "e" * 64, KEYS)


def test_a_missing_atlas_says_how_to_build_one_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match=r"no atlas at .*nowhere; build one with `lesion-search index"):
        Atlas(tmp_path / "nowhere", FINGERPRINT, KEYS)
    assert not (tmp_path / "nowhere").exists()


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match=r"http://127\.0\.0\.1:9 cannot be opened.*Is the server running"):
        Atlas("http://user:secret@127.0.0.1:9", FINGERPRINT, KEYS)


def test_queries_that_cannot_be_asked(atlas: Atlas) -> None:
    with pytest.raises(AtlasError, match="7 dimensions and the atlas 48"):
        atlas.search(np.ones(7, np.float32))
    with pytest.raises(AtlasError, match="not a finite vector"):
        atlas.search(np.full(48, np.nan, np.float32))
    with pytest.raises(AtlasError, match="at least one hit"):
        atlas.search(np.ones(48, np.float32), k=0)


def test_another_salt_is_noticed(tmp_path: Path) -> None:
    index_pack(Atlas(tmp_path / "a", FINGERPRINT, KEYS, create=True), make_pack(20), embed)
    stranger = Atlas(tmp_path / "a", FINGERPRINT, PatientKeys(b"another salt"))
    vector = embed(make_pack(20).images[:1])[0]
    assert stranger.search(vector).hits
    with pytest.raises(AtlasError, match="another LESION_SEARCH_SALT"):
        stranger.search(vector, filters=Filters(scope="same-patient"))
    with pytest.raises(AtlasError, match="the same patient would count as two"):
        index_pack(stranger, make_pack(20), embed)


def test_many_threads_get_the_same_answers(folder: Path, pack: RoiPack) -> None:
    fresh = Atlas(folder, FINGERPRINT, KEYS)
    vectors = embed(pack.images[:40])
    with ThreadPoolExecutor(8) as pool:
        parallel = list(pool.map(fresh.search, vectors))
    assert parallel == [fresh.search(vector) for vector in vectors]
