"""`train`: never over an earlier encoder, and at the end where the new one is, how good, and what to do with it."""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from ui.cli.arguments import check_exists, check_unused
from ui.cli.terminal import say


def run_training(
    packs: Sequence[Path], out: Path, preset: str, epochs: int | None, resume: Path | None, train_on_validation: bool
) -> None:
    """Train into `out`, which is new or the run that `resume` continues. Raises ArgumentError, PackError, EncoderError.

    Of several processes (`accelerate launch`) the first one checks and reports.
    """
    for pack in packs:
        check_exists(pack, "a ROI pack")
    first = os.environ.get("RANK", "0") == "0"
    if first and (resume is None or out.resolve() != resume.resolve()):
        check_unused(out, ", or go on with a stopped run by --resume")
    from encoder.training.train import train

    train(packs, out, preset=preset, epochs=epochs, resume=resume, train_on_validation=train_on_validation)
    if first:
        for sentence in (f"The encoder is in {out}.", _how_good(packs, out, train_on_validation), _next(packs, out)):
            say(sentence)


def _how_good(packs: Sequence[Path], out: Path, train_on_validation: bool) -> str:
    from encoder.embedder import load_embedder
    from encoder.training.held_out import NEAREST, held_out_precision

    if train_on_validation:
        return "How good it is was not measured: it was trained on the validation rows too; use `lesion-search eval`."
    measured = held_out_precision(load_embedder(str(out)), packs)
    if measured is None:
        return (
            "How good it is was not measured: give rows of at least two patients and two lesion types "
            "`split` = validation, and they are kept apart for it."
        )
    return (
        f"Of the {NEAREST} nearest lesions of other patients {measured.precision_at_10:.0%} are of the same type, "
        f"by chance {measured.chance:.0%} "
        f"({measured.lesions} validation lesions of {measured.patients} patients, mean over types)."
    )


def _next(packs: Sequence[Path], out: Path) -> str:
    pack, encoder, atlas = (shlex.quote(str(path)) for path in (packs[0], out.resolve(), out / "atlas"))
    return f"Next, build an atlas with it: LESION_SEARCH_ENCODER={encoder} lesion-search index {pack} --atlas {atlas}"
