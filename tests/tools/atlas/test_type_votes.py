"""Votes: probabilities that mean what they say, and silence where nothing is similar."""

from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from encoder.pack import LesionRow, RoiPack
from tests.conftest import examples
from tests.tools.atlas.conftest import CLUSTERED_DIM, FINGERPRINT, KEYS, clustered, embed_clustered
from tools.atlas.atlas import Atlas
from tools.atlas.build import index_pack
from tools.atlas.calibration import fit_calibration
from tools.atlas.type_votes import VoteFit, type_probabilities
from tools.domain.lesions import Filters


def test_filters_choose_hits_but_do_not_lead_the_votes(separate_atlas: Atlas) -> None:
    vector = np.eye(CLUSTERED_DIM, dtype=np.float32)[1] + 0.6 * np.eye(CLUSTERED_DIM, dtype=np.float32)[0]
    free = separate_atlas.search(vector)
    led = separate_atlas.search(vector, filters=Filters(lesion_types=("bone",)))
    assert {hit.lesion.lesion_type for hit in led.hits} == {"bone"}
    if led.votes:
        assert led.votes == free.votes


def test_an_atlas_without_types_has_hits_and_no_votes(tmp_path: Path) -> None:
    pack, _ = clustered(60, spread=1)
    bare = RoiPack(pack.images, tuple(LesionRow(row.lesion_id, row.patient_id) for row in pack.lesions))
    atlas = Atlas(tmp_path / "a", FINGERPRINT, KEYS, create=True)
    index_pack(atlas, bare, embed_clustered)
    result = atlas.search(embed_clustered(pack.images[:1])[0])
    assert result.votes == ()
    assert result.confidence != "none"


@given(st.integers(0, 10_000), st.builds(VoteFit, st.floats(0.002, 1), st.floats(0.01, 5), st.floats(0.2, 2)))
@settings(max_examples=examples(60))
def test_probabilities_always_sum_to_one(seed: int, fit: VoteFit) -> None:
    rng = np.random.default_rng(seed)
    similarities = -np.sort(-rng.uniform(-1, 1, (5, 8)), axis=1)
    similarities[0, 3:] = -np.inf
    similarities[1] = -np.inf
    types = rng.integers(-1, 3, (5, 8))
    shares = np.array([0.5, 0.3, 0.2])
    p = type_probabilities(similarities, types, shares, fit)
    assert np.isfinite(p).all()
    assert (p >= 0).all()
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert list(np.argsort(-p[1])) == [0, 1, 2]  # no neighbour: the atlas's own shares


def test_lesions_of_unknown_type_do_not_vote() -> None:
    similarities = np.array([[0.9, 0.8, 0.7]])
    p = type_probabilities(similarities, np.array([[-1, 1, -1]]), np.array([0.5, 0.5]), VoteFit())
    assert p.argmax() == 1
    fit = fit_calibration(similarities, np.array([[-1, 1, -1]]), np.array([-1]), np.array([0]), np.array([0.5, 0.5]))
    assert fit.queries == 1
    assert fit.accuracy is None
