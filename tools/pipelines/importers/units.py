"""What of an import can be read apart from the rest: a case of volumes, or the annotations of a study."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

from tools.pipelines.importers.annotated_lesion import AnnotatedLesion, ImportJob, LeftOut


@dataclass(frozen=True)
class Unit:
    """One part, what it is called in a sentence, and how it is read; it can be sent to another process."""

    what: str
    read: Callable[[ImportJob], Iterator[AnnotatedLesion]]


ReadUnit = tuple[list[AnnotatedLesion], list[tuple[str, str]]]  # lesions, and what was left out and why


def lesions_of_units(units: Sequence[Unit], job: ImportJob, threads: int = 1) -> Iterator[AnnotatedLesion]:
    """Read one unit after the other, in their order: so many side by side, or on the job's workers."""
    if job.workers and units:
        from tools.pipelines.ray_workers import read_on_workers

        found = read_on_workers(units, silent(job), job.workers)
    else:
        found = _read_ahead(units, job, threads)
    for done, (lesions, skipped) in enumerate(found, start=1):
        for what, why in skipped:
            job.skip(what, why)
        yield from lesions
        job.progress(done, len(units))


def read_unit(unit: Unit, job: ImportJob) -> ReadUnit:
    """Read a unit whole: what comes before that which cannot be used is kept."""
    lesions: list[AnnotatedLesion] = []
    skipped: list[tuple[str, str]] = []
    try:
        lesions.extend(unit.read(replace(silent(job), skip=lambda what, why: skipped.append((what, why)))))
    except LeftOut as reason:
        skipped.append((unit.what, str(reason)))
    return lesions, skipped


def silent(job: ImportJob) -> ImportJob:
    """Give a job that tells nobody anything, as another process is given it."""
    return ImportJob(job.keys, job.limits, job.labels, each_reader=job.each_reader)


def _read_ahead(units: Sequence[Unit], job: ImportJob, threads: int) -> Iterator[ReadUnit]:
    """Read units side by side: most of the time of a volume goes into unpacking, which leaves Python free."""
    if threads == 1:
        yield from (read_unit(unit, job) for unit in units)
        return
    waiting: deque[Future[ReadUnit]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        for unit in units:
            waiting.append(pool.submit(read_unit, unit, job))
            if len(waiting) >= threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
