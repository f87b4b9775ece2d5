"""A volume whose slices are decoded while people look at it already."""

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoder.errors import LesionSearchError

AIR_HU = -1024  # what a slice shows that could not be read


class SliceError(LesionSearchError):
    """A slice could not be read."""


class LazyVolume:
    """Looks like the (slices, rows, columns) int16 array it becomes: indexing waits for the slices it needs, and asks
    for them first. Raises SliceError for a single slice that could not be read; among several it is air."""

    def __init__(self, shape: tuple[int, int, int], want: Callable[["LazyVolume", int], None]) -> None:
        self.shape = shape
        self.dtype = np.dtype(np.int16)
        self._want = want
        self._pixels = np.full(shape, AIR_HU, np.int16) if 0 in shape else np.empty(shape, np.int16)
        self._shown = self._pixels.view()
        self._shown.setflags(write=False)
        self._waiting = set(range(shape[0]))
        self._broken: dict[int, str] = {}
        self._changed = threading.Condition()

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))

    @property
    def loaded(self) -> int:
        """How many slices are there, or will never be."""
        return self.shape[0] - len(self._waiting)

    def __getitem__(self, key: Any) -> NDArray[np.int16]:
        first = key[0] if isinstance(key, tuple) else key
        needed = np.atleast_1d(np.arange(self.shape[0])[first]).tolist()
        with self._changed:
            for index in reversed(needed):
                if index in self._waiting:
                    self._want(self, index)
            self._changed.wait_for(lambda: self._waiting.isdisjoint(needed))
        if isinstance(first, int | np.integer) and needed[0] in self._broken:
            raise SliceError(self._broken[needed[0]])
        found: NDArray[np.int16] = self._shown[key]
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self[:], dtype=dtype, copy=copy)

    def put(self, index: int, pixels: NDArray[np.generic]) -> None:
        """Deliver slice `index`: (rows, columns). Raises ValueError where the shape is another."""
        if pixels.shape != self.shape[1:] or pixels.dtype != np.int16:
            raise ValueError("not a slice of this volume")
        self._pixels[index] = pixels
        self._settle(index)

    def fail(self, index: int, sentence: str) -> None:
        """Mark slice `index` as one that will not come, for a reason said in a sentence."""
        self._broken[index] = sentence
        self._pixels[index] = AIR_HU
        self._settle(index)

    def _settle(self, index: int) -> None:
        with self._changed:
            self._waiting.discard(index)
            self._changed.notify_all()


Volume = NDArray[np.int16] | LazyVolume
