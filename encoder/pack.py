"""ROI packs: the one exchange format between import, training, indexing and evaluation. Needs no torch.

A pack is a folder with `images.npy` (or `images.npz` holding `images`) of shape (N, 64, 64), int16 for HU or uint8 for
pictures already windowed, and `lesions.csv` with one row an image in the same order. `context.npy` (or `context` in the
`.npz`), of the same shape and kind, may show each lesion's surroundings: the same centre, three times the width, and
one value everywhere where they are not known. `lesion_id` and `patient_id` are required, the other fields of
`LesionRow` are optional columns, an empty cell is unknown. Training and evaluation read further columns, as text
(`read_pack_arrays`); everything else reads `LesionRow` (`read_pack`), whose names and lesion ids reach language models
and are held to the rules of `encoder.names`.
"""

import codecs
import csv
import math
import os
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoder.errors import LesionSearchError
from encoder.names import ID_RULE, LICENCE_RULE, NAME_RULE, is_id, is_licence, is_name
from encoder.roi import ROI_SIZE, native_width_mm

Images = NDArray[np.integer[Any]]  # int16 or uint8: (N, 64, 64) ROIs, or (N, 2, 64, 64) ROIs with their contexts

TABLE = "lesions.csv"
DELIMITERS = (",", ";", "\t")
DECIMAL_COMMA = re.compile(r"-?\d+,\d+")  # never a thousand: no age or length of a lesion reaches one
TOO_MANY_CELLS = "it has more cells than there are columns; put quotes around a cell that holds a comma"
MAX_AGE_YEARS = 130
CONFIRMATIONS = ("pathology", "follow-up", "opinion")
DIFFICULTIES = ("easy", "medium", "hard")
MAX_LENGTH_MM = 2000.0


class PackError(LesionSearchError):
    """The ROI pack cannot be read or written."""


@dataclass(frozen=True)
class LesionRecord:
    """The fields that a pack's row and an atlas record share. Unknown values are None."""

    lesion_id: str
    _: KW_ONLY
    lesion_type: str | None = None
    sex: str | None = None
    age_years: int | None = None
    long_axis_mm: float | None = None
    short_axis_mm: float | None = None
    body_part: str | None = None
    source: str | None = None
    split: str | None = None
    pixel_spacing_mm: float | None = None  # of the slice the image was cropped from; of the image, if it stands alone
    field_of_view_mm: float | None = None  # width of the image
    slice: int | None = None  # counts from 1
    confirmed_by: str | None = None  # how its type is known, one of CONFIRMATIONS
    difficulty: str | None = None  # for learners, one of DIFFICULTIES
    licence: str | None = None  # under which its source gives it away


@dataclass(frozen=True)
class LesionRow(LesionRecord):
    """One row of `lesions.csv`. Raises PackError on a bad value."""

    patient_id: str
    study_id: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        for name in TEXT_COLUMNS:
            value = getattr(self, name)
            if value is None and name not in REQUIRED_COLUMNS:
                continue
            if not value or value != value.strip() or not value.isprintable():
                raise PackError(f"{name} must be printable text without spaces around it, and is {value!r}.")
        if not is_id(self.lesion_id):
            raise PackError(f"lesion_id must be {ID_RULE}, and is {_shown(self.lesion_id)}.")
        for name in NAME_COLUMNS:
            value = getattr(self, name)
            if value is not None and not is_name(value):
                raise PackError(f"{name} must be {NAME_RULE}, and is {_shown(value)}.")
        if self.licence is not None and not is_licence(self.licence):
            raise PackError(f"licence must be {LICENCE_RULE}, and is {_shown(self.licence)}.")
        if self.sex not in (None, "F", "M", "O"):
            raise PackError(f"sex must be F, M, O or empty, and is {self.sex!r}.")
        for name, words in CODED_COLUMNS.items():
            value = getattr(self, name)
            if value is not None and value not in words:
                raise PackError(f"{name} must be {', '.join(words)} or empty, and is {_shown(value)}.")
        if self.age_years is not None and not 0 <= self.age_years <= MAX_AGE_YEARS:
            raise PackError(f"age_years must be from 0 to {MAX_AGE_YEARS}, and is {self.age_years}.")
        for name in LENGTH_COLUMNS:
            value = getattr(self, name)
            if value is not None and not 0 < value <= MAX_LENGTH_MM:
                raise PackError(f"{name} must be above 0 and at most {MAX_LENGTH_MM:.0f}, and is {value}.")
        if self.slice is not None and self.slice < 1:
            raise PackError(f"slice counts from 1, and is {self.slice}.")

    @property
    def native_width_mm(self) -> float:
        """The width of the image, as `encoder.roi.to_roi_width` takes it: NaN to leave it."""
        return native_width_mm(self.pixel_spacing_mm, self.field_of_view_mm)


COLUMNS = (
    "lesion_id", "patient_id", "lesion_type", "sex", "age_years", "long_axis_mm", "short_axis_mm", "body_part",
    "source", "split", "study_id", "pixel_spacing_mm", "field_of_view_mm", "slice", "confirmed_by",
    "difficulty", "licence",
)  # fmt: skip  # in the order they are written
NAME_COLUMNS = ("lesion_type", "body_part", "source")
CODED_COLUMNS = {"confirmed_by": CONFIRMATIONS, "difficulty": DIFFICULTIES}
REQUIRED_COLUMNS = ("lesion_id", "patient_id")
LENGTH_COLUMNS = ("long_axis_mm", "short_axis_mm", "pixel_spacing_mm", "field_of_view_mm")
SCALE_COLUMNS = ("pixel_spacing_mm", "field_of_view_mm")
WHOLE_COLUMNS = ("age_years", "slice")
TEXT_COLUMNS = tuple(name for name in COLUMNS if name not in LENGTH_COLUMNS + WHOLE_COLUMNS)


@dataclass(frozen=True, eq=False)
class RoiPack:
    """Images (N, 64, 64), int16 HU or uint8 windowed, their N rows, and their contexts of the same shape where known.

    Raises PackError where they do not fit.
    """

    images: Images
    lesions: tuple[LesionRow, ...]
    context: Images | None = None

    def __post_init__(self) -> None:
        check_images(self.images)
        check_context(self.images, self.context)
        if len(self.images) != len(self.lesions):
            raise PackError(
                f"The pack has {len(self.images)} images but {len(self.lesions)} lesions; "
                "lesions.csv needs one row for each image, in the same order."
            )
        seen: dict[str, int] = {}
        for row, lesion in enumerate(self.lesions, start=1):
            first = seen.setdefault(lesion.lesion_id, row)
            if first != row:
                raise PackError(
                    f"lesion_id {lesion.lesion_id!r} appears in rows {first} and {row}; every lesion needs its own."
                )

    def __len__(self) -> int:
        return len(self.lesions)

    @classmethod
    def of_inputs(cls, inputs: Images, lesions: tuple[LesionRow, ...]) -> "RoiPack":
        """Make a pack of ROIs (N, 64, 64), or (N, 2, 64, 64) with their contexts. Raises PackError."""
        return cls(inputs[:, 0], lesions, inputs[:, 1]) if inputs.ndim == 4 else cls(inputs, lesions)

    def inputs(self, rows: slice | NDArray[np.integer[Any]] = slice(None)) -> Images:
        """Read what the encoder takes of some rows: (n, 64, 64), or (n, 2, 64, 64) where the pack has contexts."""
        return with_context(self.images[rows], None if self.context is None else self.context[rows])


def read_pack(path: str | Path) -> RoiPack:
    """Read a pack from a folder, or from a bare `.npz` or `.npy`, whose lesions are then numbered by their row.

    `.npy` images stay on disk, memory-mapped. Raises PackError.
    """
    path = Path(path)
    images = read_images(path)
    if path.is_dir():
        return RoiPack(images, tuple(_read_lesions(path / TABLE)), read_context(path))
    return RoiPack(images, tuple(LesionRow(f"row-{i}", f"row-{i}") for i in range(len(images))), read_context(path))


def read_pack_arrays(folder: str | Path) -> tuple[Images, list[dict[str, str]]]:
    """Read the images of a pack folder and its rows as text, with every column it has.

    Shape: (N, 64, 64), memory-mapped where they lie in `.npy`, and N rows. Raises PackError.
    """
    folder = Path(folder)
    images = read_images(folder)
    rows = list(read_rows(folder / TABLE))
    check_rows(folder, len(images), len(rows))
    return images, rows


def read_rows(table: Path, required: Iterable[str] = REQUIRED_COLUMNS) -> Iterator[dict[str, str]]:
    """Read `lesions.csv` row by row: every column, as text without spaces around it. Raises PackError."""
    return (cells for _, cells in _numbered_rows(table, required))


def read_images(path: Path, scratch: Path | None = None) -> Images:
    """Read the images of a pack folder, or of a bare `.npy` or `.npz`, and check them.

    Those of a `.npy` stay on disk, memory-mapped; those of a `.npz` are unpacked to memory, or into the folder
    `scratch` and memory-mapped from there. Raises PackError.
    """
    images = _read_array(images_file(path), "images", scratch)
    assert images is not None
    check_images(images)
    return images


def read_context(path: Path, scratch: Path | None = None) -> Images | None:
    """Read the contexts of a pack folder or a bare `.npz`, as `read_images` does; None where it has none.

    Whether they fit the images, `check_context` tells. Raises PackError.
    """
    beside, images = path / "context.npy", images_file(path)
    if beside.exists():
        return _read_array(beside, "context", scratch)
    return _read_array(images, "context", scratch) if _is_zipped(images) else None


def with_context(images: Images, context: Images | None = None) -> Images:
    """Join ROIs (N, 64, 64) and their contexts to what the encoder takes: (N, 2, 64, 64), (N, 64, 64) without any."""
    return np.asarray(images) if context is None else np.stack((images, context), axis=1)


def images_file(path: Path) -> Path:
    """Find the file that holds the images of a pack folder, or the bare file itself. Raises PackError."""
    if path.is_dir():
        found = [path / name for name in ("images.npy", "images.npz") if (path / name).is_file()]
        if not found:
            raise PackError(
                f"{path} is not a ROI pack: it has neither images.npy nor images.npz; `lesion-search import` "
                "makes one of annotated images."
            )
        return found[0]
    if not path.is_file():
        raise PackError(f"{path} does not exist; give a ROI pack folder or a .npz file with `images`.")
    return path


def native_widths_mm(rows: Iterable[Mapping[str, str]]) -> NDArray[np.float64]:
    """Read how wide the images of rows of text are, as `encoder.roi.to_roi_width` takes it: (N,), NaN to leave one.

    Raises PackError for what is no number.
    """
    widths = []
    for number, row in enumerate(rows, start=1):
        try:
            widths.append(native_width_mm(*(_value(name, row.get(name)) for name in SCALE_COLUMNS)))
        except PackError as error:
            raise PackError(f"{TABLE}, row {number}: {error}") from error
    return np.array(widths)


def write_pack(pack: RoiPack, folder: str | Path, further: Mapping[str, Sequence[str]] | None = None) -> None:
    """Write `images.npy`, `context.npy` where there is one, and `lesions.csv`, without its columns of no value.

    `further` columns of text, a cell a lesion, come after those of `LesionRow`, which alone `read_pack` reads. Raises
    PackError.
    """
    further = further or {}
    folder = Path(folder)
    columns = [name for name in COLUMNS if any(getattr(lesion, name) is not None for lesion in pack.lesions)]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Written beside and renamed: a reader, or this very pack when memory-mapped, never meets half a file.
        parts = {name: folder / f".{name}.part" for name in ("images.npy", "context.npy", TABLE)}
        for name, array in (("images.npy", pack.images), ("context.npy", pack.context)):
            if array is None:
                del parts[name]
                continue
            with parts[name].open("wb") as file:
                np.lib.format.write_array(file, np.asarray(array), allow_pickle=False)
        with parts[TABLE].open("w", newline="", encoding="utf-8") as table:
            writer = csv.writer(table)
            writer.writerow([*columns, *further])
            writer.writerows(
                [*(_cell(getattr(lesion, name)) for name in columns), *(cells[row] for cells in further.values())]
                for row, lesion in enumerate(pack.lesions)
            )
        (folder / "context.npy").unlink(missing_ok=True)  # of a pack that was here before
        for name, part in parts.items():
            os.replace(part, folder / name)
    except OSError as error:
        raise PackError(f"The ROI pack cannot be written to {folder}: {error.strerror or error}.") from error


def check_images(images: Images) -> None:
    """Raise PackError unless the images are (N, 64, 64), N ≥ 1, int16 or uint8."""
    if images.ndim != 3 or images.shape[1:] != (ROI_SIZE, ROI_SIZE):
        raise PackError(
            f"The images have shape {images.shape}; a ROI pack needs (N, {ROI_SIZE}, {ROI_SIZE}): resample them."
        )
    if images.dtype not in (np.int16, np.uint8):
        raise PackError(
            f"The images are {images.dtype}; a ROI pack needs int16 (Hounsfield units) or uint8 (already windowed)."
        )
    if not len(images):
        raise PackError("The ROI pack is empty: it needs at least one image.")


def check_context(images: Images, context: Images | None) -> None:
    """Raise PackError unless there is no context, or one of the shape and kind of the images."""
    if context is not None and (context.shape != images.shape or context.dtype != images.dtype):
        raise PackError(
            f"The context is {context.dtype} of shape {context.shape} and the images {images.dtype} of shape "
            f"{images.shape}; it needs one for each image, of the same kind. Leave it out where it is not known."
        )


def check_rows(path: Path, images: int, rows: int) -> None:
    """Raise PackError unless the pack at `path` has a row for each image."""
    if images != rows:
        raise PackError(
            f"{path} has {images} images but {rows} rows in {TABLE}; it needs one row for each, in the same order."
        )


def _read_array(path: Path, name: str, scratch: Path | None) -> Images | None:
    """Read a `.npy`, or one array of a `.npz`. None: it has no such array, which only images need."""
    array: Images
    try:
        if not _is_zipped(path):
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            return array
        with np.load(path, allow_pickle=False) as arrays:
            if name not in arrays:
                if name == "context":
                    return None
                raise PackError(f"{path.name} has no array called `{name}`; it has {', '.join(arrays) or 'nothing'}.")
            if scratch is None:
                array = arrays[name]
                return array
        with zipfile.ZipFile(path) as archive:
            unpacked = archive.extract(f"{name}.npy", scratch)
        return np.load(unpacked, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]
    except (ValueError, EOFError, OSError, KeyError, zipfile.BadZipFile) as error:
        raise PackError(f"{path} cannot be read as an array of images: {error}.") from error


def _is_zipped(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"PK"


def table_rows(table: Path) -> Iterator[tuple[int, dict[str, str], bool]]:
    """Read a table with a header: number of the line, cells without spaces around them, and whether there are too many.

    Spreadsheets write semicolons or tabs instead of commas, and UTF-16 or Windows-1252, as their country wants. A row
    with more cells than columns has a comma too many, as an unquoted decimal comma is. Lines are counted from the
    header's, which comes first. Raises OSError, UnicodeError, csv.Error.
    """
    with table.open(newline="", encoding=_encoding(table)) as file:
        hint = file.readline()
        if not hint.startswith("sep="):  # Excel's own first line
            file.seek(0)
            hint = ""
        start, head = file.tell(), file.readline()
        delimiter = hint[4:5] or max(DELIMITERS, key=lambda mark: len(next(csv.reader([head], delimiter=mark), [])))
        file.seek(start)
        reader = csv.DictReader(file, delimiter=delimiter, skipinitialspace=True)
        reader.fieldnames = [name.strip() for name in reader.fieldnames or ()]
        header = [name for name in reader.fieldnames or () if name]
        yield reader.line_num, dict.fromkeys(header, ""), False
        for record in reader:
            extra: Any = record.get(None)  # type: ignore[call-overload]
            yield reader.line_num, {n: (record[n] or "").strip() for n in header}, any(extra or ())


def _encoding(table: Path) -> str:
    text = table.read_bytes()
    if text[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    try:
        text.decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _numbered_rows(table: Path, required: Iterable[str]) -> Iterator[tuple[int, dict[str, str]]]:
    """The rows of `lesions.csv`, each with the number of its line."""
    try:
        rows = table_rows(table)
        header = tuple(next(rows)[1])
        missing = [name for name in required if name not in header]
        if missing:
            raise PackError(
                f"{table} has no column {' and no column '.join(missing)}; it has {', '.join(header) or 'none'}. "
                "Name the lesion and the patient of every row."
            )
        for line, cells, too_many in rows:
            if too_many:
                raise PackError(f"{table}, line {line}: {TOO_MANY_CELLS}.")
            yield line, cells
    except FileNotFoundError as error:
        raise PackError(f"{table.parent} is not a ROI pack: it has no {TABLE}.") from error
    except (OSError, UnicodeError, csv.Error) as error:
        raise PackError(f"{table} cannot be read as CSV in UTF-8: {error}.") from error


def _read_lesions(table: Path) -> Iterator[LesionRow]:
    """The rows of `lesions.csv`; a bad one is named by its line."""
    for line, cells in _numbered_rows(table, REQUIRED_COLUMNS):
        try:
            yield LesionRow(**{name: _value(name, cells[name]) for name in COLUMNS if name in cells})
        except PackError as error:
            raise PackError(f"{table}, line {line}: {error}") from error


def _value(name: str, cell: str | None) -> Any:  # of the column's own type
    text = (cell or "").strip()
    if name in TEXT_COLUMNS:
        return text or None
    if not text or text.lower() == "nan":
        return None
    try:
        number = float(text.replace(",", ".") if DECIMAL_COMMA.fullmatch(text) else text)
    except ValueError:
        number = math.inf
    if not math.isfinite(number) or (name in WHOLE_COLUMNS and number != int(number)):
        kind = "a whole number" if name in WHOLE_COLUMNS else "a number"
        raise PackError(f"{name} must be {kind} or empty, and is {text!r}.")
    return int(number) if name in WHOLE_COLUMNS else number


def _shown(value: str) -> str:
    return repr(value if len(value) <= 60 else f"{value[:60]}…")


def _cell(value: str | float | int | None) -> str:
    return "" if value is None else str(value)
