"""What the commands of `atlas` do and print."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import typer

from assistant.wording.phrases import counted
from encoder.embedder import load_embedder
from tools.atlas.upkeep import AtlasInfo, back_up, examine, open_as_built, rebuild
from tools.domain.number_words import percent
from tools.pipelines.demo import existing_atlases, patient_keys
from tools.settings import Settings
from ui.cli.arguments import ArgumentError
from ui.cli.terminal import make_console, progress_bars, say, settings_with

NAMED = 20  # duplicates and doubtful labels in the table; all are in the JSON


def show_info(location: str | None, as_json: bool) -> None:
    """Print what an atlas holds. Raises AtlasError."""
    settings = settings_with()
    fingerprint = load_embedder(settings.encoder).fingerprint
    with progress_bars() as progress:
        atlas = open_as_built(location_of(location, settings, fingerprint), patient_keys(settings))
        found = examine(atlas, fingerprint, progress)
        atlas.close()
    if as_json:
        typer.echo(json.dumps(asdict(found)))
    else:
        _print(found)


def build_of(locations: Sequence[str | None], out: Path, encoder: str | None) -> None:
    """Build a new atlas of one or several. Raises AtlasError."""
    settings = settings_with(encoder=encoder)
    embedder = load_embedder(settings.encoder)
    named = [location_of(location, settings, embedder.fingerprint) for location in locations]
    with progress_bars() as progress:
        count = rebuild(named, out, embedder.fingerprint, embedder, patient_keys(settings), progress)
    say(f"{count} lesions in the new atlas {out}; search it with --atlas {out}")


def write_backup(location: str | None, out: Path) -> None:
    """Write an atlas as a ROI pack. Raises AtlasError."""
    settings = settings_with()
    fingerprint = load_embedder(settings.encoder).fingerprint if location is None else ""
    with progress_bars() as progress:
        count = back_up(location_of(location, settings, fingerprint), out, patient_keys(settings), progress)
    say(f"{count} lesions written to {out}; restore them with: lesion-search index {out} --atlas NEW_FOLDER")


def location_of(location: str | None, settings: Settings, fingerprint: str) -> str:
    found = location or next(reversed(existing_atlases(settings, fingerprint)), None)  # the own cases, if there are any
    if found is None:
        raise ArgumentError("There is no atlas yet: name one with --atlas, or build one with `lesion-search index`.")
    return found


def _print(found: AtlasInfo) -> None:
    from rich.table import Table

    console = make_console()
    held = f"{counted(found.lesions, 'lesion')} of {counted(found.patients, 'patient')}"
    table = Table(title=f"{held} in {found.location}")
    for column in ("", "lesions"):
        table.add_column(column, justify="right" if column else "left")
    for heading, counts in (("type", found.types), ("source", found.sources), ("licence", found.licences)):
        for name, count in counts.items():
            table.add_row(f"{heading} {name}", str(count))
    console.print(table)
    same = "the one in use" if found.same_encoder else "not the one in use: `lesion-search atlas reindex`"
    console.print(f"Encoder {found.encoder[:12]}, {same}.")
    if not found.same_salt:
        console.print("Its patients stand under another LESION_SEARCH_SALT: they cannot be told from those of a query.")
    if found.accuracy is not None and found.calibration_error is not None:
        console.print(
            f"Asked about each of its own lesions, others' patients name its type in {percent(found.accuracy)}; "
            f"calibration error {found.calibration_error:.3f}."
        )
    elif not found.calibrated:
        console.print("Not calibrated: it holds lesions of fewer than two patients.")
    pairs = counted(len(found.duplicates), "pair of lesions has", "pairs of lesions have")
    console.print(f"{pairs} one picture.")
    for one, other in found.duplicates[:NAMED]:
        console.print(f"  {one} and {other}")
    doubtful = counted(len(found.doubtful), "label is", "labels are")
    console.print(f"{doubtful} doubtful: none of the ten nearest lesions of others has it.")
    for label in found.doubtful[:NAMED]:
        console.print(
            f"  {label.lesion_id}: {label.lesion_type}, but {label.agreeing} of 10 are {label.neighbours_type}"
        )
