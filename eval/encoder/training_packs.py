"""The packs that the shipped encoder was trained on, from the data that they are made of."""

from pathlib import Path

from eval.encoder.lidc import write_lidc_pack
from eval.encoder.organs import write_organs_pack
from tools.domain.progress import Progress
from tools.pipelines.phantoms.generate import make_phantoms

PHANTOM_SEEDS = (1000, 1001, 1002)
PATIENTS = 120


def write_training_packs(
    data: Path, out: Path, progress: Progress | None = None, patients: int = PATIENTS
) -> list[Path]:
    """Write LIDC, the collections of real CT and phantoms as packs below `out`; returns their folders, in order.

    `progress` is called with (phantom patients done, in all) of each seed. Raises LabelError where data are missing.
    """
    lidc, organs = out / "lidc", out / "organs"
    write_lidc_pack(data / "lidc", lidc)
    write_organs_pack(data, organs)
    packs = [lidc, organs]
    for seed in PHANTOM_SEEDS:
        folder = out / f"phantoms-{seed}"
        make_phantoms(folder, patients, seed, progress)
        packs.append(folder / "pack")
    return packs
