"""The ranking of suggestions can be fitted anew from teaching cases."""

from pathlib import Path

from tools.pipelines.phantoms.generate import make_phantoms
from tools.pipelines.train_region_ranker import fit, labelled_slices, recall
from tools.regions.candidates import WEIGHTS
from tools.regions.ranker import load_ranker


def test_a_fit_ranks_lesions_higher_than_chance(tmp_path: Path) -> None:
    make_phantoms(tmp_path, patients=2, seed=4)
    slices = list(labelled_slices(tmp_path))
    assert sum(one.lesions for one in slices) >= 15
    assert any((one.lesion >= 0).any() for one in slices)
    assert recall(fit(slices), slices, 5) > 0.5  # on what it was fitted to
    assert recall(load_ranker(WEIGHTS), slices, 10) > 0.2  # the shipped one, which never saw them
