"""Opens an upload on its headers, and decodes its slices while people look at it: what is asked for first, then the
slices around it."""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pydantic import ValidationError

from tools.domain.lazy_volume import LazyVolume, Volume
from tools.intake.explanations import LEFT_OUT
from tools.intake.messages import IntakeLimits, Note, Reason
from tools.intake.plausibility import is_large_enough, wrong_slices
from tools.intake.sandbox import TIMED_OUT, ReceivedFrame, parse_frame
from tools.intake.worker_process import WorkerError, WorkerProcess

GRACE_S = 5.0  # more than a worker takes to notice by itself that a file takes too long
MAX_CRASHES = 8
NOT_LIKE_THE_OTHERS = (
    "Slice {slice} cannot be shown: its values are not Hounsfield units as stated, unlike those of other slices; check "
    "its rescale intercept, or export the series again."
)
CPU_SPENT = -getattr(signal, "SIGXCPU", 0)  # no file's fault: a worker may decode for so long only


@dataclass(frozen=True)
class _SliceSlot:
    """Where a file's image belongs."""

    volume: LazyVolume
    index: int


class SliceLoader:
    """Decode the slices of one upload in its sandboxed workers, of which `another` starts a new one when one dies.

    Workers are closed as they end.
    """

    def __init__(
        self,
        workers: Sequence[WorkerProcess],
        limits: IntakeLimits,
        another: Callable[[], WorkerProcess],
    ) -> None:
        self._workers = list(workers)
        self._limits = limits
        self._another = another
        self._when_done: Callable[[], None] = lambda: None
        self._places: dict[int, _SliceSlot] = {}  # by file: what nobody works at yet
        self._files: dict[tuple[int, int], int] = {}  # by volume and slice
        self._in_hu: list[LazyVolume] = []
        self._wanted: list[int] = []  # files, the most urgent last
        self._focus = 0, 0  # volume and slice that was wanted last
        self._lock = threading.Lock()
        self._working = 0
        self._crashes = 0
        self._deadline = time.monotonic() + limits.timeout_s
        self._closed = False

    def volume(self, frames: Sequence[ReceivedFrame]) -> LazyVolume:
        """Make the volume of a stack of frames, filled with what is decoded already."""
        first = frames[0].record
        volume = LazyVolume((len(frames), first.rows, first.columns), self.want)
        if Note.LOCALIZER not in first.notes and is_large_enough(first.rows, first.columns):
            self._in_hu.append(volume)
        for index, frame in enumerate(frames):
            if frame.pixels is not None:
                volume.put(index, frame.pixels)
                frame.pixels = None
            else:
                self._places[frame.record.file] = _SliceSlot(volume, index)
                self._files[id(volume), index] = frame.record.file
        return volume

    def first_look(self, volume: LazyVolume, indices: Sequence[int]) -> list[int]:
        """Decode these slices before `start`, all workers at once; list those that are there now."""
        several = len(self._workers)
        with ThreadPoolExecutor(several) as threads:
            shares = [threads.submit(self._look, number, volume, indices[number::several]) for number in range(several)]
        return [index for share in shares for index in share.result()]

    def _look(self, number: int, volume: LazyVolume, indices: Sequence[int]) -> list[int]:
        there = []
        for index in indices:
            file = self._files[id(volume), index]
            place = self._places.pop(file)
            if self._decode(self._workers[number], file, place) is None:
                there.append(index)
            else:
                self._places[file] = place  # another try, with a reason
        return there

    def want(self, volume: LazyVolume, index: int) -> None:
        """Decode this slice next, and then those around it."""
        with self._lock:
            self._focus = id(volume), index
            file = self._files.get(self._focus)
            if file in self._places:
                self._wanted.append(file)

    def start(self, volume: Volume, index: int, when_done: Callable[[], None]) -> None:
        """Begin, with this slice; returns at once. `when_done` is called once, when all is decoded or the loader was
        closed."""
        if isinstance(volume, LazyVolume):
            self.want(volume, index)
        self._when_done = when_done
        self._deadline = time.monotonic() + self._limits.timeout_s
        self._working = len(self._workers)
        for number in range(self._working):
            threading.Thread(target=self._work, args=(number,), name="slices", daemon=True).start()

    def close(self) -> None:
        """Stop: what has not come will not come."""
        with self._lock:
            self._closed = True
            for worker in self._workers:
                worker.kill()

    def _work(self, number: int) -> None:
        """One worker's share, until nothing is left."""
        try:
            while (taken := self._take()) is not None:
                file, place = taken
                problem = self._decode(self._workers[number], file, place)
                if problem is Reason.CRASHED:
                    problem = self._replace(number, file, place)
                if problem is not None:
                    self._fail(place, problem)
        finally:
            self._workers[number].close()
            with self._lock:
                self._working -= 1
                last = not self._working
            if last:
                for place in self._places.values():
                    self._fail(place, Reason.UNFINISHED)
                whole = [volume for volume in self._in_hu if volume.loaded == len(volume) and not self._closed]
                for volume in whole:
                    for index in wrong_slices(volume[:]):
                        volume.fail(index, NOT_LIKE_THE_OTHERS.format(slice=index + 1))
                self._when_done()

    def _take(self) -> tuple[int, _SliceSlot] | None:
        """The file that is wanted most."""
        with self._lock:
            if self._closed or self._crashes > MAX_CRASHES or not self._places or time.monotonic() > self._deadline:
                return None
            while self._wanted:
                file = self._wanted.pop()
                if file in self._places:
                    return file, self._places.pop(file)
            file = min(self._places, key=self._distance)
            return file, self._places.pop(file)

    def _distance(self, file: int) -> tuple[bool, int]:
        place = self._places[file]
        return id(place.volume) != self._focus[0], abs(place.index - self._focus[1])

    def _decode(self, worker: WorkerProcess, file: int, place: _SliceSlot) -> Reason | None:
        """None when the slice is there."""
        try:
            left_s = self._deadline - time.monotonic()
            with worker.watched(min(self._limits.file_timeout_s, left_s) + GRACE_S):
                worker.tell({"file": file})
                for message, payload in worker.messages(self._limits):
                    if message["kind"] == "left out":
                        return Reason(message["reason"])
                    if message["kind"] == "frame":
                        frame = parse_frame(message, payload)
                        assert frame.pixels is not None
                        place.volume.put(place.index, frame.pixels)
                        return None
        except (ValidationError, ValueError, KeyError, TypeError, OSError):
            worker.kill()
        return Reason.CRASHED

    def _replace(self, number: int, file: int, place: _SliceSlot) -> Reason | None:
        """Another worker for one that died; why its file cannot be shown, None if it shall be tried again."""
        status = self._workers[number].close()
        with self._lock:
            if self._closed:
                return Reason.UNFINISHED
            self._crashes += 1
        try:
            worker = self._another()
        except WorkerError:
            self.close()
            return Reason.UNFINISHED
        with self._lock:
            self._workers[number] = worker
            if self._closed:
                worker.kill()
            if status == CPU_SPENT:
                self._places[file] = place
                return None
        return Reason.TIMEOUT if status in TIMED_OUT else Reason.CRASHED

    @staticmethod
    def _fail(place: _SliceSlot, reason: Reason) -> None:
        place.volume.fail(place.index, f"Slice {place.index + 1} cannot be shown: {LEFT_OUT[reason]}.")
