"""What is checked of the command line before anything heavy is imported, read or written."""

import os
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

from encoder.errors import LesionSearchError
from tools.domain.region import PixelBox, RegionError
from tools.settings import Settings


class ArgumentError(LesionSearchError):
    """What was typed cannot be followed."""


def parse_roi(text: str) -> PixelBox:
    """Read `x0,y0,x1,y1` as a box, in columns and rows. Raises RegionError with an example."""
    try:
        x0, y0, x1, y1 = (int(part) for part in text.split(","))
    except ValueError:
        raise RegionError(
            f"The ROI {text[:40]!r} is not four whole numbers: give columns and rows as x0,y0,x1,y1, "
            "e.g. --roi 210,180,260,225."
        ) from None
    if x0 >= x1 or y0 >= y1:
        raise RegionError(f"The ROI {text[:40]} is an empty box: x0 must be below x1, and y0 below y1.")
    return PixelBox(x0, y0, x1, y1)


def check_exists(path: Path, wanted: str) -> None:
    """Raise ArgumentError where there is nothing at a path; `wanted` says what there should be."""
    if not path.exists():
        raise ArgumentError(f"{path} does not exist: give {wanted}.")


def check_study(path: Path, settings: Settings) -> None:
    """Raise ArgumentError where there is nothing to open, AtlasError where there is nothing to search in."""
    from tools.atlas.folder import require_atlas

    check_exists(path, "a DICOM file, a folder or a zip")
    for atlas in settings.atlases:
        if atlas not in ("demo", "own"):
            require_atlas(atlas)


def check_text(arguments: Sequence[str]) -> None:
    """Raise ArgumentError for an empty argument that is no option's value, which would be the folder one is in, and for
    one that holds bytes that are no text and name no file."""
    named = [argument for before, argument in pairwise(("-", *arguments)) if not before.startswith("-")]
    is_question = arguments[:1] == ["ask"] and arguments[-1] == ""  # which has a sentence of its own
    if "" in (named[:-1] if is_question else named):
        raise ArgumentError("An argument is empty: give every path and value; a variable of the shell may not be set.")
    for argument in arguments:
        if not os.path.lexists(argument):
            try:
                argument.encode()
            except UnicodeEncodeError:
                raise ArgumentError(
                    "An argument holds bytes that are no text: type it in UTF-8, or check what it was pasted from."
                ) from None


def check_attributes(query: Mapping[str, str]) -> Mapping[str, str]:
    """Return a query of an archive as it is. Raises ArgumentError for a name that is no attribute of DICOM, which
    archives ignore, so that everything would be found."""
    from pydicom.datadict import keyword_dict, tag_for_keyword

    for name in query:
        if tag_for_keyword(name) is None and not re.fullmatch(r"[0-9A-Fa-f]{8}", name):
            meant = next((known for known in keyword_dict if known.casefold() == name.casefold()), None)
            hint = f"write {meant}" if meant else "write it as the standard does, e.g. PatientID or StudyDate"
            raise ArgumentError(f"--query {name[:40]}: DICOM has no attribute of this name; {hint}.")
    return query


def check_question(question: str) -> None:
    """Raise ArgumentError where nothing is asked."""
    if not question.strip():
        raise ArgumentError('The question is empty: ask something, e.g. "What does this look like?".')


def check_unused(folder: Path, remedy: str = "") -> None:
    """Raise ArgumentError where a folder that is to be written holds something already: nothing is overwritten."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        held = "holds files already" if folder.is_dir() else "is a file"
        raise ArgumentError(f"{folder} {held}, and nothing is overwritten: choose another folder with --out{remedy}.")
