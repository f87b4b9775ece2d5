"""Permissive decoders give the same pixels, to the bit, as those that were replaced: digests of all of pydicom's grey
compressed files as `pylibjpeg-libjpeg`, `-openjpeg` and `-rle` decoded them."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import JPEG2000TransferSyntaxes, JPEGExtended12Bit, RLELossless

from tools.intake.dicom.decode import DECODERS

DIGESTS: dict[str, str] = json.loads((Path(__file__).parent / "decoded_pixels.json").read_text(encoding="utf-8"))


def file_named(name: str) -> Path:
    import data_store

    folders = [Path(package.__file__).parent for package in (pydicom, data_store) if package.__file__]
    return next(path for folder in folders for path in folder.rglob(name))


@pytest.mark.parametrize("name", sorted(DIGESTS))
def test_pixels_are_equal_to_the_bit(name: str) -> None:
    dataset = pydicom.dcmread(file_named(name))
    syntax = dataset.file_meta.TransferSyntaxUID
    decoder = get_decoder(syntax)
    has_libjpeg = syntax not in (*JPEG2000TransferSyntaxes, RLELossless) and "High-Throughput" not in syntax.name
    plugins = [p for p in DECODERS if p in decoder.available_plugins and not (p == "pylibjpeg" and has_libjpeg)]
    assert plugins, f"nothing decodes {syntax.name}"
    for plugin in plugins:
        frames = [np.ascontiguousarray(a) for a, _ in decoder.iter_array(dataset, decoding_plugin=plugin, raw=True)]
        assert hashlib.sha1(b"".join(frame.tobytes() for frame in frames)).hexdigest() == DIGESTS[name], plugin


def test_lossy_jpeg_of_12_bits_is_said_to_be_unsupported_where_its_extra_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        type(get_decoder(JPEGExtended12Bit)), "available_plugins", property(lambda self: ("gdcm", "pillow"))
    )
    from tools.intake.dicom.decode import decode_file
    from tools.intake.intake import intake_limits
    from tools.intake.messages import Reason
    from tools.intake.sources import Budget, LeftOutError
    from tools.settings import Settings

    data = file_named("JPGExtended.dcm").read_bytes()
    with pytest.raises(LeftOutError) as left_out:
        list(decode_file(data, 1, Budget(intake_limits(Settings()))))
    assert left_out.value.reason is Reason.SYNTAX
