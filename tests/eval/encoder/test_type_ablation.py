"""The ablation on real types never learns from what it asks about, and tells every variant with its interval."""

import csv

import numpy as np
import pytest

from encoder.training.presets import DEFAULT
from eval.encoder.type_ablation import (
    EPOCHS,
    VARIANTS,
    Answers,
    KeptTypeAblation,
    TypeAblationError,
    _shortened,
    _without_key_slices,
    read_kept,
    to_markdown,
)


def test_key_slices_and_places_around_them_are_not_trained_on(tmp_path):
    pack = tmp_path / "organs"
    pack.mkdir()
    np.save(pack / "images.npy", np.zeros((3, 64, 64), np.int16))
    with (pack / "lesions.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["lesion_id", "patient_id", "source", "split"])
        sources = ["deeplesion_keyslices", "multi_organ/deeplesion_keyslices", "spleen"]
        writer.writerows([f"l{n}", f"p{n}", source, "train"] for n, source in enumerate(sources))
    copy = _without_key_slices(pack, tmp_path / "out")
    with (copy / "lesions.csv").open(newline="") as stream:
        assert [row["split"] for row in csv.DictReader(stream)] == ["test", "test", "train"]
    assert np.load(copy / "images.npy").shape == (3, 64, 64)


@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_is_the_recipe_but_for_its_one_part(name):
    plan = _shortened(name, VARIANTS[name])
    assert tuple(stage.epochs for stage in plan.stages) == EPOCHS
    changed = {key for key in VARIANTS[name] if getattr(plan, key) != getattr(DEFAULT, key)}
    assert changed == set(VARIANTS[name])


def test_the_table_has_a_row_for_each_variant():
    answers = Answers(right=[True, False, True], nearest=[1, 0, 1], nearest_five=[0.4, 0.2, 0.6])
    kept = KeptTypeAblation(
        command="x",
        epochs=EPOCHS,
        rows_per_epoch=6400,
        types=["liver", "liver", "bone"],
        patients=["a", "b", "c"],
        variants={"recipe": answers, "ROI alone": answers},
    )
    text = to_markdown(kept)
    assert "3 key slices of 3 patients" in text
    assert "| ROI alone | 0.667" in text


def test_what_was_never_run_is_said(tmp_path):
    with pytest.raises(TypeAblationError, match="eval type-ablation"):
        read_kept(tmp_path / "none.json")
