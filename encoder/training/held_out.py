"""How good a trained encoder is on the lesions that it was not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from encoder.embedder import Embedder
from encoder.pack import native_widths_mm, read_context, read_pack_arrays, with_context
from encoder.roi import to_roi_width
from encoder.training.dataset import VALIDATION

NEAREST = 10  # lesions looked at for each


@dataclass(frozen=True)
class HeldOutPrecision:
    """Of each validation lesion's nearest of other patients, the share of its own type, averaged over types."""

    precision_at_10: float
    chance: float  # of a random order: one over the number of types
    lesions: int
    patients: int


def held_out_precision(embedder: Embedder, packs: Sequence[Path]) -> HeldOutPrecision | None:
    """Measure retrieval by type among the rows with `split` = validation, one slice a lesion.

    None where no two patients of two types are held out. Raises PackError for packs that cannot be read.
    """
    vectors, types, patients = [], [], []
    for number, folder in enumerate(packs):
        pixels, table = read_pack_arrays(Path(folder))
        rows: dict[str, int] = {}
        for i, row in enumerate(table):
            if row.get("split") == VALIDATION and row.get("lesion_type"):
                rows.setdefault(row.get("nodule_id") or row["lesion_id"], i)
        kept = list(rows.values())
        if kept:
            context = read_context(Path(folder))
            inputs = with_context(pixels[kept], None if context is None else context[kept])
            vectors.append(embedder(to_roi_width(inputs, native_widths_mm(table)[kept])))
        types += [table[i]["lesion_type"] for i in kept]
        patients += [f"{number}/{table[i]['patient_id']}" for i in kept]
    names, owners = np.array(types), np.array(patients)
    if len(np.unique(names)) < 2 or len(np.unique(owners)) < 2:
        return None
    unit = np.concatenate(vectors)
    others = owners[:, None] != owners[None, :]
    order = np.argsort(-np.where(others, unit @ unit.T, -np.inf), axis=1, kind="stable")[:, :NEAREST]
    hits = (names[order] == names[:, None]) & np.take_along_axis(others, order, axis=1)
    shares = hits.sum(axis=1) / np.minimum(others.sum(axis=1), NEAREST)
    by_type = [float(shares[names == name].mean()) for name in np.unique(names)]
    return HeldOutPrecision(float(np.mean(by_type)), 1 / len(by_type), len(names), len(np.unique(owners)))
