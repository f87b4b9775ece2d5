"""How well a picture tells which part of the body it shows: cross-validated by patient, with calibration."""

import time
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from eval.metrics import Share, interval, patient_bootstrap
from tools.domain.body_regions import may_be_among
from tools.domain.progress import Progress
from tools.pipelines.train_body_region_classifier import Examples, LabelledSlice, fit, make_examples
from tools.regions.body_region_classifier import MIN_CERTAINTY, OTHER, REGIONS, describe_slice
from tools.regions.small_network import Floats

FOLDS = 5
BINS = (0.0, 0.5, 0.8, 0.9, 0.97, 1.0 + 1e-9)  # of certainty


class RegionScore(BaseModel):
    """Slices of one region: the likeliest region is right, it is named right, named wrong, or left unknown."""

    region: str
    patients: int
    slices: int
    likeliest_right: int
    named_right: int
    named_wrong: int
    misleading: int  # of `named_wrong`: a region that has nothing in common with the right one

    @property
    def unknown(self) -> int:
        return self.slices - self.named_right - self.named_wrong


class CertaintyBin(BaseModel):
    """Slices whose likeliest region has a certainty between two bounds."""

    low: float
    high: float
    slices: int
    mean_certainty: float | None
    right: float | None


class BodyRegionReport(BaseModel):
    folds: int
    min_certainty: float
    accuracy: float  # mean over regions of the share of slices whose likeliest region is right
    accuracy_interval: tuple[float, float]  # 95 %, over patients
    named_right: Share  # of the slices that were named
    regions: list[RegionScore]
    calibration: list[CertaintyBin]
    ece: float  # expected calibration error
    others_named: Share  # test objects and small fields of view that were named all the same
    ms_per_slice: float


def measure_body_regions(
    slices: Sequence[LabelledSlice], folds: int = FOLDS, progress: Progress | None = None
) -> BodyRegionReport:
    """Train on all patients but a fold's, and ask about those, fold by fold."""
    truth = np.array([one.region for one in slices])
    patients = np.array([one.patient for one in slices])
    plain = np.stack([one.features() for one in slices])
    examples = make_examples(slices)
    fold_of = _folds(truth, patients, folds)
    example_fold = np.array(
        [fold_of.get(patient, number % folds) for number, patient in enumerate(examples.patients.tolist())]
    )
    seen, others = np.zeros((len(slices), OTHER + 1)), []
    for fold in range(folds):
        known = example_fold != fold
        classifier = fit(Examples(examples.features[known], examples.classes[known], examples.patients[known]))
        asked = np.array([fold_of[patient] == fold for patient in patients.tolist()])
        seen[asked] = classifier(plain[asked])
        others.append(classifier(examples.features[~known & (examples.classes == OTHER)]))
        if progress is not None:
            progress(fold + 1, folds)
    return report(seen, truth, patients, np.concatenate(others), folds, _ms_per_slice(slices))


def _folds(truth: NDArray[np.int64], patients: NDArray[np.str_], folds: int) -> dict[str, int]:
    """Deal the patients out, region by region, so that every fold has some of each."""
    first = {patient: int(truth[patients == patient][0]) for patient in np.unique(patients).tolist()}
    return {patient: i % folds for i, patient in enumerate(sorted(first, key=lambda one: (first[one], one)))}


def report(
    seen: Floats, truth: NDArray[np.int64], patients: NDArray[np.str_], others: Floats, folds: int, ms: float
) -> BodyRegionReport:
    """Score probabilities (n, classes) of slices against their regions, and those of pictures that show none."""
    best, certainty = seen.argmax(axis=1), seen.max(axis=1)
    right, named = best == truth, _named(seen)
    scores = [
        _score(region, truth == number, best, right, named, patients)
        for number, region in enumerate(REGIONS)
        if (truth == number).any()
    ]
    a_region = best != OTHER
    bins = [
        _bin(low, high, a_region & (certainty >= low) & (certainty < high), certainty, right)
        for low, high in pairwise(BINS)
    ]
    ece = sum(b.slices * abs((b.mean_certainty or 0) - (b.right or 0)) for b in bins) / max(1, a_region.sum())
    by_region, _ = patient_bootstrap(right.astype(np.float64), truth.astype(str), patients)
    return BodyRegionReport(
        folds=folds,
        min_certainty=MIN_CERTAINTY,
        accuracy=float(np.mean([one.likeliest_right / one.slices for one in scores])),
        accuracy_interval=interval(by_region),
        named_right=Share(right=int((named & right).sum()), total=int(named.sum())),
        regions=scores,
        calibration=bins,
        ece=float(ece),
        others_named=Share(right=int(_named(others).sum()), total=len(others)),
        ms_per_slice=ms,
    )


def _named(probabilities: Floats) -> NDArray[np.bool_]:
    named: NDArray[np.bool_] = (probabilities.argmax(axis=1) != OTHER) & (probabilities.max(axis=1) >= MIN_CERTAINTY)
    return named


def _score(
    region: str,
    of_it: NDArray[np.bool_],
    best: NDArray[np.int64],
    right: NDArray[np.bool_],
    named: NDArray[np.bool_],
    patients: NDArray[np.str_],
) -> RegionScore:
    wrong = of_it & named & ~right
    return RegionScore(
        region=region,
        patients=len(np.unique(patients[of_it])),
        slices=int(of_it.sum()),
        likeliest_right=int((of_it & right).sum()),
        named_right=int((of_it & named & right).sum()),
        named_wrong=int(wrong.sum()),
        misleading=sum(not may_be_among(region, [REGIONS[number]]) for number in best[wrong]),
    )


def _bin(
    low: float, high: float, inside: NDArray[np.bool_], certainty: Floats, right: NDArray[np.bool_]
) -> CertaintyBin:
    count = int(inside.sum())
    return CertaintyBin(
        low=low,
        high=min(high, 1.0),
        slices=count,
        mean_certainty=float(certainty[inside].mean()) if count else None,
        right=float(right[inside].mean()) if count else None,
    )


def _ms_per_slice(slices: Sequence[LabelledSlice], count: int = 30) -> float:
    """Time the description of slices at the size of a scanner's image, nearly all of the work; CPU time, one thread."""
    wide = [np.kron(one.hu, np.ones((2, 2), dtype=np.float32)) for one in slices[:count]]
    started = time.process_time()
    for image in wide:
        describe_slice(image, (0.8, 0.8))
    return 1000 * (time.process_time() - started) / len(wide)


def to_markdown(found: BodyRegionReport) -> str:
    """Write the report as tables."""
    low, high = found.accuracy_interval
    lines = [
        f"{found.folds}-fold cross-validation by patient; accuracy as the mean over regions {found.accuracy:.3f} "
        f"({low:.3f}–{high:.3f}), {found.ms_per_slice:.0f} ms of CPU a slice. A region is named from a certainty of "
        f"{found.min_certainty:.0%}: right in {found.named_right}. Test objects and small fields of view named all the "
        f"same: {found.others_named}.",
        "",
        "| region | patients | slices | likeliest is right | named right | named wrong "
        "| of these with nothing in common | unknown |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {one.region} | {one.patients} | {one.slices} | {one.likeliest_right / one.slices:.3f} "
            f"| {one.named_right} | {one.named_wrong} | {one.misleading} | {one.unknown} |"
            for one in found.regions
        ),
        "",
        f"Calibration, ECE {found.ece:.3f}:",
        "",
        "| certainty | slices | mean certainty | right |",
        "|---|---|---|---|",
        *(
            f"| {one.low:.2f} to {one.high:.2f} | {one.slices} "
            f"| {_decimals(one.mean_certainty)} | {_decimals(one.right)} |"
            for one in found.calibration
        ),
    ]
    return "\n".join(lines) + "\n"


def _decimals(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
