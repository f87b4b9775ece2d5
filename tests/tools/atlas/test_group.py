"""Several atlases answer as one that holds all their lesions would."""

import numpy as np
import pytest

from encoder.pack import LesionRow, RoiPack
from tests.tools.atlas.conftest import FINGERPRINT, KEYS, embed, make_pack
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.atlas.group import OWN, AtlasGroup, Member
from tools.atlas.own_cases import CaseContent, OwnCases
from tools.domain.lesions import AtlasError, Filters

PACK = make_pack(120, seed=5)
CUT = 50


def part(rows: slice) -> RoiPack:
    return RoiPack(PACK.images[rows], PACK.lesions[rows])


def built(folder, pack: RoiPack, **options) -> Atlas:
    index_pack(Atlas(folder, FINGERPRINT, KEYS, create=True), pack, embed)
    return Atlas(folder, FINGERPRINT, KEYS, **options)


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Atlas:
    return built(tmp_path_factory.mktemp("whole"), PACK)


@pytest.fixture(scope="module")
def group(tmp_path_factory) -> AtlasGroup:
    """The same lesions in two atlases, one of them as if it were too large for memory, ten in both."""
    first = built(tmp_path_factory.mktemp("first"), part(slice(CUT + 10)))
    second = built(tmp_path_factory.mktemp("second"), part(slice(CUT, None)), max_in_memory=1)
    return AtlasGroup([Member("first", first), Member("second", second)], FINGERPRINT)


FILTERS = (
    Filters(),
    Filters(lesion_types=("liver",)),
    Filters(sex="F", min_age=30),
    Filters(scope="same-patient"),
    Filters(scope="all", max_size_mm=20),
)


@pytest.mark.parametrize("filters", FILTERS, ids=str)
def test_hits_votes_and_confidence_are_those_of_one_atlas_with_all_lesions(whole, group, filters):
    patient = KEYS.patient("MRN-00003")
    for vector in embed(make_pack(3, seed=9).images):
        expected = whole.search(vector, 12, filters, patient)
        found = group.search(vector, 12, filters, patient)
        assert [hit.lesion for hit in found.hits] == [hit.lesion for hit in expected.hits]
        assert [hit.similarity for hit in found.hits] == pytest.approx([h.similarity for h in expected.hits], abs=1e-5)
        assert {v.lesion_type: v.probability for v in found.votes} == pytest.approx(
            {v.lesion_type: v.probability for v in expected.votes}, abs=1e-4
        )
        assert (found.confidence, found.candidates, found.atlas_size) == (
            expected.confidence,
            expected.candidates,
            len(PACK),
        )


def test_all_else_that_is_read_of_an_atlas_is_the_same(whole, group):
    assert group.types() == whole.types()
    assert group.summary() == whole.summary()
    assert list(group.lesions()) == list(whole.lesions())
    assert group.patients == whole.patients
    np.testing.assert_allclose(group.vectors(), whole.vectors(), atol=1e-6)
    vector = embed(PACK.images[:1])[0]
    for lesion_id in ("L0000", "L0055", "L0119"):
        np.testing.assert_array_equal(group.encoder_input(lesion_id), whole.encoder_input(lesion_id))
        assert group.similarity(vector, lesion_id) == pytest.approx(whole.similarity(vector, lesion_id), abs=1e-5)


def test_a_hit_names_its_atlas_and_a_lesion_of_both_counts_for_the_first(group):
    named = {
        h.lesion.lesion_id: h.atlas for h in group.search(embed(PACK.images[:1])[0], 120, Filters(scope="all")).hits
    }
    assert {named["L0000"], named[f"L{CUT + 5:04}"]} == {"first"}
    assert named["L0119"] == "second"
    assert len(named) == len(PACK)


def test_one_atlas_alone_is_not_named(whole):
    alone = AtlasGroup([Member("alone", whole)], FINGERPRINT)
    assert {hit.atlas for hit in alone.search(embed(PACK.images[:1])[0]).hits} == {None}


def test_own_cases_join_with_the_first_one_that_is_saved(tmp_path, whole):
    own = OwnCases(tmp_path / "own", FINGERPRINT, KEYS, lambda images: embed(images[:, 0]))
    group = AtlasGroup([Member("rest", whole)], FINGERPRINT, own)
    image = make_pack(1, seed=77).images[0]
    vector = embed(image[None])[0]
    assert len(group) == len(PACK)
    own.save([CaseContent(LesionRow("own-1", "P", lesion_type="new type"), image, "")])
    best = group.search(vector).hits[0]
    assert (best.lesion.lesion_id, best.atlas) == ("own-1", OWN)
    assert "new type" in group.types()
    own.delete("own-1")
    assert group.search(vector).hits[0].lesion.lesion_id != "own-1"


def test_an_atlas_of_another_salt_does_not_answer_for_a_patient(tmp_path, whole):
    from tools.domain.patient_keys import PatientKeys

    index_pack(Atlas(tmp_path / "a", FINGERPRINT, PatientKeys(b"other"), create=True), part(slice(20)), embed)
    stranger = Atlas(tmp_path / "a", FINGERPRINT, KEYS)
    group = AtlasGroup([Member("whole", whole), Member("stranger", stranger)], FINGERPRINT)
    with pytest.raises(AtlasError, match="SALT"):
        group.search(embed(PACK.images[:1])[0], 5, Filters(scope="same-patient"), KEYS.patient("MRN-00003"))
