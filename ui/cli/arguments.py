"""What is checked of the command line before anything heavy is imported, read or written."""

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


def check_question(question: str) -> None:
    """Raise ArgumentError where nothing is asked."""
    if not question.strip():
        raise ArgumentError('The question is empty: ask something, e.g. "What does this look like?".')


def check_unused(folder: Path, remedy: str = "") -> None:
    """Raise ArgumentError where a folder that is to be written holds something already: nothing is overwritten."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        held = "holds files already" if folder.is_dir() else "is a file"
        raise ArgumentError(f"{folder} {held}, and nothing is overwritten: choose another folder with --out{remedy}.")
