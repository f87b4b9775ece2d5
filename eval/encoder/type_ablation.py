"""What each part of the default recipe adds on real types, all trained alike and without the lesions then asked about.

The recipe's stages are shortened to `EPOCHS` in all; DeepLesion's key slices are left out of training and asked in an
atlas of the other collections. What came out is kept in the repository; the table is made of it.
"""

import csv
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from encoder.embedder import load_embedder
from encoder.errors import LesionSearchError
from encoder.training.presets import DEFAULT, Preset
from eval.encoder.ablation import Run, trained
from eval.encoder.lidc import Nodule
from eval.encoder.real_types import ask_types
from eval.encoder.retrieval import Estimate, estimate, rank

RESULTS = Path(__file__).parent / "results" / "type_ablation.json"
EPOCHS = (1, 5)  # of the two stages
KEY_SLICES = "deeplesion_keyslices"
PLACE = ("body_part", "place_row", "place_column")
RECIPE = "recipe"
VARIANTS: dict[str, dict[str, Any]] = {
    RECIPE: {},
    "ROI alone": {"context_dim": 0},
    "without place": {"auxiliary": tuple(name for name in DEFAULT.auxiliary if name not in PLACE)},
    "without Frangi": {"channels": ("image", "soft_tissue")},
    "average pooling": {"pooling": "average"},
}


class TypeAblationError(LesionSearchError):
    """The trainings of the ablation were not run yet."""


class Answers(BaseModel):
    """What one variant said of each lesion, in the order of the pack: right or not, the share of its nearest right."""

    right: list[bool]
    nearest: list[float]  # of other patients' lesions among these, 1 where it has the type
    nearest_five: list[float]


class KeptTypeAblation(BaseModel):
    command: str
    epochs: tuple[int, int]
    rows_per_epoch: int
    types: list[str]
    patients: list[str]
    variants: dict[str, Answers]


def run_type_ablation(
    data: Path,
    packs: Path,
    nodules: tuple[NDArray[np.uint8], Sequence[Nodule]],
    out: Path,
    say: Callable[[str], None],
) -> KeptTypeAblation:
    """Train what `out` does not hold yet on the packs of `eval training-packs`, and ask about the key slices.

    Can be interrupted and repeated. Raises PackError where packs are missing.
    """
    queries = data / "multi_organ" / KEY_SLICES
    training = [packs / "lidc", _without_key_slices(packs / "organs", out / "organs")]
    training += sorted(path.parent for path in packs.glob("phantoms-*/pack/lesions.csv"))
    variants: dict[str, Answers] = {}
    for number, (name, changes) in enumerate(VARIANTS.items(), start=1):
        say(f"{number} of {len(VARIANTS)}: {name}")
        folder = out / name.replace(" ", "-")
        trained(Run(_shortened(name, changes), (name, name)), training, folder, train_on_validation=True)
        asked = ask_types(data, load_embedder(folder), nodules, queries)
        ranking = rank(asked.vectors, asked.types, asked.patients, "cross-patient")
        variants[name] = Answers(
            right=(asked.voted == asked.types).tolist(),
            nearest=ranking.relevant[:, 0].astype(float).tolist(),
            nearest_five=ranking.relevant[:, :5].mean(axis=1).tolist(),
        )
    return KeptTypeAblation(
        command="lesion-search eval type-ablation",
        epochs=EPOCHS,
        rows_per_epoch=DEFAULT.stages[0].rows_per_epoch or 0,
        types=asked.types.tolist(),
        patients=asked.patients.tolist(),
        variants=variants,
    )


def _shortened(name: str, changes: dict[str, Any]) -> Preset:
    stages = tuple(replace(stage, epochs=epochs) for stage, epochs in zip(DEFAULT.stages, EPOCHS, strict=True))
    return replace(DEFAULT, name=name.replace(" ", "-"), stages=stages, **changes)


def _without_key_slices(pack: Path, out: Path) -> Path:
    """Copy a pack with all that comes from key slices marked as not to be trained on."""
    if not (out / "lesions.csv").is_file():
        shutil.copytree(pack, out, dirs_exist_ok=True, ignore=shutil.ignore_patterns("lesions.csv"))
        with (pack / "lesions.csv").open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        for row in rows:
            row["split"] = "test" if KEY_SLICES in row["source"] else row["split"]
        with (out / "lesions.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
    return out


def read_kept(path: Path = RESULTS) -> KeptTypeAblation:
    """Read what the last ablation kept. Raises TypeAblationError."""
    try:
        return KeptTypeAblation.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TypeAblationError(
            f"no ablation is kept in {path} ({error}); run `lesion-search eval type-ablation`"
        ) from error


def to_markdown(kept: KeptTypeAblation) -> str:
    """Format a row for each variant."""
    types, patients = np.array(kept.types), np.array(kept.patients)

    def over(values: Sequence[float], kind: int) -> Estimate:
        return estimate(np.array(values, dtype=float), types, patients, kind)

    lines = [
        f"{len(types)} key slices of {len(np.unique(patients))} patients, none of them learnt from; "
        f"{kept.epochs[0]} + {kept.epochs[1]} epochs of {kept.rows_per_epoch:,} rows each (`{kept.command}`); 95 % "
        "intervals over patients.",
        "",
        "| variant | accuracy | macro recall | among themselves, macro P@1 | P@5 |",
        "|---|---|---|---|---|",
    ]
    for name, answers in kept.variants.items():
        right = [float(value) for value in answers.right]
        cells = over(right, 1), over(right, 0), over(answers.nearest, 0), over(answers.nearest_five, 0)
        lines.append(f"| {name} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines) + "\n"
