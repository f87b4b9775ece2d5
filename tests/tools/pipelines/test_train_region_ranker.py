"""The ranking of suggestions can be fitted anew."""

from pathlib import Path

import numpy as np

from tools.pipelines.phantoms.generate import make_phantoms
from tools.pipelines.train_region_ranker import figures, fit, least_likeness, phantom_slices
from tools.regions.suggestion_ranker import SuggestionRanker


def test_a_fit_ranks_lesions_higher_than_chance_and_is_kept_with_what_was_measured(tmp_path: Path) -> None:
    make_phantoms(tmp_path, patients=2, seed=4)
    slices = list(phantom_slices(tmp_path, most=18))
    ranker = fit(slices)
    ranked = [(one, ranker(one.features)) for one in slices]
    found = figures("phantoms", ranked, 0.0)
    assert found.lesions >= 15
    assert found.recall_of_five > 0.5  # on what it was fitted to
    least = least_likeness(ranked)
    fewer = figures("phantoms", ranked, least)
    assert fewer.suggestions < found.suggestions
    assert fewer.precision > found.precision
    ranker.measured(least, fewer.recall_at_5, fewer.precision).save(tmp_path / "weights.npz")
    again = SuggestionRanker.load(tmp_path / "weights.npz")
    assert (again.least, again.recall, again.precision) == (least, fewer.recall_at_5, fewer.precision)
    assert np.array_equal(again(slices[0].features), ranked[0][1])
