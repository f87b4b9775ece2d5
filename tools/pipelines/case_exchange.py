"""Own cases as a ROI pack, in a folder or a zip, for a colleague; and a colleague's cases among one's own."""

import os
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from encoder.errors import storage_error
from encoder.pack import TABLE, PackError, RoiPack, read_pack, read_rows, write_pack
from tools.atlas.build import alike
from tools.atlas.own_cases import CaseContent, CaseError, OwnCases
from tools.atlas.records import NOTE_COLUMN
from tools.domain.free_text import NoteError, check_note
from tools.settings import get_settings

MEMBERS = ("images.npy", "context.npy", TABLE)
BATCH = 256  # cases added at a time


@dataclass(frozen=True)
class ImportSummary:
    """What `import_cases` did; `notes` are sentences about what was not taken as it was."""

    cases: int
    added: int
    notes: tuple[str, ...]


def export_cases(cases: OwnCases, out: Path, lesion_types: Sequence[str] = ()) -> int:
    """Write own cases of some types, or all, as a ROI pack into a new folder, or a new `.zip`; return how many.

    Patients and studies stand under their keys. Raises CaseError, PackError, StorageError.
    """
    found = cases.cases(lesion_types)
    if not found:
        raise CaseError("There are no own cases to export: save one first, or name another type.")
    if out.exists():
        raise CaseError(f"{out} is there already, and nothing is overwritten: choose another place.")
    contents = [cases.content(case.lesion.lesion_id) for case in found]
    if len({content.image.dtype for content in contents}) > 1:
        raise CaseError("The own cases hold both HU and windowed images, and a ROI pack one kind: export them by type.")
    pack = RoiPack.of_inputs(alike([content.image for content in contents]), tuple(content.row for content in contents))
    notes = {NOTE_COLUMN: [content.note for content in contents]} if any(content.note for content in contents) else {}
    try:
        with tempfile.TemporaryDirectory(prefix="lesion-search-export-") as scratch:
            folder = Path(scratch, "cases")
            write_pack(pack, folder, notes)
            part = out.with_name(f".{out.name}.{os.getpid()}")  # a reader never meets half of it
            out.parent.mkdir(parents=True, exist_ok=True)
            if out.suffix.lower() == ".zip":
                with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                    for file in sorted(folder.iterdir()):
                        archive.write(file, file.name)
            else:
                shutil.copytree(folder, part)
            os.replace(part, out)
    except OSError as error:
        raise storage_error(error, str(out)) from error
    return len(found)


def import_cases(cases: OwnCases, source: Path) -> ImportSummary:
    """Add the cases of a ROI pack, in a folder or a zip, to the own ones; those of the same id are replaced.

    Patients are put under this installation's keys, unless they stand under keys already. A note that may identify
    somebody is left out, and that is said. Raises PackError, CaseError, AtlasError.
    """
    with tempfile.TemporaryDirectory(prefix="lesion-search-import-") as scratch:
        folder = _unpacked(source, Path(scratch)) if source.is_file() else source
        pack = read_pack(folder)
        written = {row["lesion_id"]: row.get(NOTE_COLUMN, "") for row in read_rows(folder / TABLE)}
        said: list[str] = []
        contents = []
        inputs = pack.inputs()
        for number, row in enumerate(pack.lesions):
            note = written[row.lesion_id]
            try:
                note = check_note(note)
            except NoteError as error:
                said.append(f"The note of {row.lesion_id} was left out: {error}")
                note = ""
            contents.append(CaseContent(row, inputs[number], note))
        added = sum(cases.save(contents[start : start + BATCH]) for start in range(0, len(contents), BATCH))
    return ImportSummary(len(contents), added, tuple(said))


def _unpacked(source: Path, scratch: Path) -> Path:
    """Unpack the files of a ROI pack from a zip, and nothing else. Raises PackError."""
    limit = get_settings().max_upload_mb << 20
    try:
        with zipfile.ZipFile(source) as archive:
            wanted = {Path(info.filename).name: info for info in archive.infolist() if not info.is_dir()}
            found = {name: wanted[name] for name in MEMBERS if name in wanted}
            if sum(info.file_size for info in found.values()) > limit:
                raise PackError(f"{source.name} holds more than {limit >> 20} MB: unpack it, and import the folder.")
            for name, info in found.items():
                with archive.open(info) as packed, open(scratch / name, "wb") as file:
                    shutil.copyfileobj(packed, file)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as error:
        raise PackError(f"{source.name} cannot be read as a zip of a ROI pack: {error}.") from error
    return scratch
