"""Mutants of real DICOM files: the structure is known, and broken on purpose. The same name gives the same bytes."""

import io
import random
import struct
import zipfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import dcmwrite
from pydicom.sequence import Sequence

from tests.tools.intake.uploads import ball, scan, to_bytes

MAX_SEED_BYTES = 300_000
SYNTAXES = [
    f"1.2.840.10008.1.2{end}"
    for end in ("", ".1", ".2", ".1.99", ".5", ".4.50", ".4.51", ".4.57", ".4.70", ".4.80", ".4.81", ".4.90", ".4.201")
]
ODD_NUMBERS = (0, 1, -1, 2, 7, 255, 32767, 32768, 65535, 2**31 - 1, 2**31, 2**32 - 1)
ODD_TEXTS = (
    "",
    " ",
    "0",
    "-1",
    "1e308",
    "nan",
    "inf",
    "99999999",
    "1\\2\\3",
    "\\" * 40,
    "x" * 5000,
    "ä€\U0001f600",
    "\0",
    "<b>",
)

Mutation = Callable[[random.Random, bytes], bytes]


@lru_cache(maxsize=1)
def seeds() -> dict[str, bytes]:
    """Small files of pydicom, and one slice of the tests' own CT, by name."""
    import data_store

    folders = [Path(package.__file__).parent for package in (pydicom, data_store) if package.__file__]
    files = sorted({path.name: path for folder in folders for path in folder.rglob("*.dcm")}.items())
    found = {name: path.read_bytes() for name, path in files if path.stat().st_size <= MAX_SEED_BYTES}
    return found | {"ct": to_bytes(scan(ball(slices=1))[0]), "multi": _multi_frame()}


def mutant(name: str) -> bytes:
    """Make the mutant of a name `seed-file:number`."""
    source, number = name.rsplit(":", 1)
    draw = random.Random(number)
    data = seeds()[source]
    for _ in range(draw.choice((1, 1, 2, 3, 5))):
        data = draw.choice(MUTATIONS)(draw, data)
    return data


def names(count: int, first: int) -> list[str]:
    """Name `count` mutants, of every seed file in turn."""
    sources = sorted(seeds())
    return [f"{sources[number % len(sources)]}:{number}" for number in range(first, first + count)]


def _multi_frame() -> bytes:
    d = scan(ball(slices=1))[0]
    d.NumberOfFrames, d.PixelData = 6, ball(slices=6).tobytes()
    return to_bytes(d)


def _flip(draw: random.Random, data: bytes) -> bytes:
    """Change bytes, mostly of the header."""
    changed = bytearray(data)
    for _ in range(draw.choice((1, 4, 32))):
        end = len(changed) if draw.random() < 0.3 else min(len(changed), 2000)
        if end:
            changed[draw.randrange(end)] = draw.randrange(256)
    return bytes(changed)


def _cut(draw: random.Random, data: bytes) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def _splice(draw: random.Random, data: bytes) -> bytes:
    """Repeat, drop or swap a stretch of bytes."""
    if len(data) < 8:
        return data
    a, b = sorted(draw.sample(range(len(data)), 2))
    b = min(b, a + 4096)
    return draw.choice((data[:b] + data[a:], data[:a] + data[b:], data[:a] + data[b:] + data[a:b]))


def _length(draw: random.Random, data: bytes) -> bytes:
    """Let a length lie: a field of 2 or 4 bytes that looks like one becomes another number."""
    if len(data) < 200:
        return data
    at = draw.randrange(132, min(len(data), 3000) - 4)
    form = draw.choice(("<H", "<I", ">I"))
    size = struct.calcsize(form)
    return data[:at] + struct.pack(form, draw.choice(ODD_NUMBERS) % 256**size) + data[at + size :]


def _edited(edit: Callable[[random.Random, Dataset], None]) -> Mutation:
    """Parse, edit and write; what cannot be parsed or written any more is flipped instead."""

    def mutate(draw: random.Random, data: bytes) -> bytes:
        try:
            dataset = pydicom.dcmread(io.BytesIO(data), force=True)
            edit(draw, dataset)
            out = DicomBytesIO()
            dcmwrite(out, dataset, enforce_file_format=False)
            return out.getvalue() or data
        except Exception:  # pydicom raises many kinds
            return _flip(draw, data)

    return mutate


def _odd_value(draw: random.Random, dataset: Dataset) -> None:
    tags = [tag for tag in dataset.keys() if tag != 0x7FE00010]  # noqa: SIM118
    element = dataset[draw.choice(tags)]
    if element.VR in ("US", "SS", "UL", "SL"):
        element.VR = draw.choice(("UL", "US", "DS"))
        number = draw.choice(ODD_NUMBERS)
        element.value = str(number) if element.VR == "DS" else abs(number) % (65536 if element.VR == "US" else 2**32)
    else:
        element.VR = draw.choice(("LO", "UN", "DS", "IS", "CS"))
        text = draw.choice(ODD_TEXTS)
        element._value = text.encode() if element.VR == "UN" else text


def _odd_size(draw: random.Random, dataset: Dataset) -> None:
    keyword = draw.choice(
        ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "SamplesPerPixel", "PlanarConfiguration",
         "PixelRepresentation", "SmallestImagePixelValue")
    )  # fmt: skip
    setattr(dataset, keyword, draw.choice((0, 1, 2, 3, 7, 8, 12, 16, 32, 64, 255, 4096, 65535)))
    if draw.random() < 0.5:
        dataset.NumberOfFrames = draw.choice((0, 1, 2, 500, 6001, 2**31 - 1))


def _remove(draw: random.Random, dataset: Dataset) -> None:
    del dataset[draw.choice(list(dataset.keys()))]


def _other_syntax(draw: random.Random, dataset: Dataset) -> None:
    dataset.file_meta.TransferSyntaxUID = draw.choice(SYNTAXES)


def _nested(draw: random.Random, dataset: Dataset) -> None:
    inner = Dataset()
    for _ in range(draw.choice((2, 15, 40))):
        outer = Dataset()
        outer.AnatomicRegionSequence = Sequence([inner])
        inner = outer
    dataset.SharedFunctionalGroupsSequence = Sequence([inner] * draw.choice((1, 3, 200)))


def _odd_scale(draw: random.Random, dataset: Dataset) -> None:
    for keyword in ("RescaleSlope", "RescaleIntercept", "WindowWidth", "PixelSpacing", "ImagePositionPatient"):
        if draw.random() < 0.5:
            dataset.pop(keyword, None)
            dataset.add_new(pydicom.datadict.tag_for_keyword(keyword), "LO", draw.choice(ODD_TEXTS[:-5]))


def _zipped(draw: random.Random, data: bytes) -> bytes:
    """Put it into a zip, whose own structure is then broken half of the time."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", draw.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))) as archive:
        archive.writestr(draw.choice(("a.dcm", "../../a", "/a", "a/", "ü")), data)
        if draw.random() < 0.3:
            archive.writestr("b.zip", out.getvalue())
    return _flip(draw, out.getvalue()) if draw.random() < 0.5 else out.getvalue()


MUTATIONS: tuple[Mutation, ...] = (
    _flip, _cut, _splice, _length, _edited(_odd_value), _edited(_odd_value), _edited(_odd_size), _edited(_remove),
    _edited(_other_syntax), _edited(_nested), _edited(_odd_scale), _zipped,
)  # fmt: skip
