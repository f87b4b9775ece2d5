"""How well labels can be read: a linear probe and a vote of neighbours on the embedding, and the encoder fine-tuned."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from eval.encoder.lidc import LabelError, Nodule, largest_slices
from eval.encoder.retrieval import LIDC_LABELS, Embed, Estimate, Vectors
from eval.metrics import interval, macro_f1, patient_bootstrap
from tools.domain.splits import Split, known_for

NEIGHBOURS = 10
Labels = NDArray[np.str_]
FineTune = Callable[[NDArray[np.generic], Mapping[str, Labels], NDArray[np.generic]], Mapping[str, Labels]]


class ClassificationScore(BaseModel):
    """One classifier on one label, trained on some patients and tested on others."""

    method: str
    label: str
    classifier: str
    train: int
    test: int
    classes: list[str]
    majority: float  # accuracy of always naming the most frequent class
    accuracy: Estimate
    macro_f1: float
    recall: dict[str, float]  # by class


class ClassificationReport(BaseModel):
    scores: list[ClassificationScore]


def nearest_vote(
    train: Vectors, labels: Labels, queries: Vectors, neighbours: int = NEIGHBOURS, sharpness: float = 10.0
) -> Labels:
    """Vote by the nearest, each weighing exp(sharpness × cosine similarity). Shape: (N, D), (N,), (Q, D) -> (Q,)."""
    from sklearn.neighbors import KNeighborsClassifier

    def weights(distance: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.exp(-sharpness * distance)  # cosine distance is one less the similarity

    vote = KNeighborsClassifier(min(neighbours, len(train)), weights=weights, metric="cosine", algorithm="brute")
    winners: Labels = vote.fit(train, labels).predict(queries)
    return winners


def linear_probe(train: Vectors, labels: Labels, queries: Vectors) -> Labels:
    """Predict by logistic regression on the standardised embedding. Shape: (N, D), (N,), (Q, D) -> (Q,)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    probe = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=1000, class_weight="balanced"))
    predicted: Labels = probe.fit(train, labels).predict(queries)
    return predicted


def score_classifiers(
    method: str, label: str, train: tuple[Vectors, Labels], test: tuple[Vectors, Labels], patients: NDArray[np.str_]
) -> list[ClassificationScore]:
    """Score both classifiers of the embedding on one label; `patients` are those of the test rows."""
    return [
        score_predictions(method, label, name, len(train[1]), classifier(*train, test[0]), test[1], patients)
        for name, classifier in (("k-NN", nearest_vote), ("linear probe", linear_probe))
    ]


def score_predictions(
    method: str, label: str, classifier: str, train: int, predicted: Labels, truth: Labels, patients: NDArray[np.str_]
) -> ClassificationScore:
    """Score predictions by accuracy and macro F1. Shape: three times (N,)."""
    right = (predicted == truth).astype(np.float64)
    low, high = interval(patient_bootstrap(right, truth, patients)[1])
    classes, counts = np.unique(truth, return_counts=True)
    return ClassificationScore(
        method=method,
        label=label,
        classifier=classifier,
        train=train,
        test=len(truth),
        classes=classes.tolist(),
        majority=float(counts.max() / counts.sum()),
        accuracy=Estimate(value=float(right.mean()), low=low, high=high),
        macro_f1=macro_f1(truth.tolist(), predicted.tolist()),
        recall={str(c): float(right[truth == c].mean()) for c in classes},
    )


def evaluate_lidc(
    images: NDArray[np.uint8],
    nodules: Sequence[Nodule],
    methods: Mapping[str, Embed],
    split: Split = "test",
    fine_tune: FineTune | None = None,
) -> ClassificationReport:
    """Classify LIDC nodules, one slice each: tested on the patients of `split`, trained on those not held out.

    `fine_tune` takes training images, their labels by name and test images to predictions by label.
    """
    rows = largest_slices(nodules)
    chosen = [nodules[row] for row in rows]
    train = np.array([nodule.split in known_for(split) for nodule in chosen])
    test = np.array([nodule.split == split for nodule in chosen])
    patients = np.array([nodule.patient_id for nodule in chosen])
    report = ClassificationReport(scores=[])
    by_label = {label: np.array([getattr(n, column) for n in chosen]) for label, column in LIDC_LABELS.items()}
    for method, embed in methods.items():
        vectors = embed(images[rows])
        for label, labels in by_label.items():
            report.scores += score_classifiers(
                method, label, (vectors[train], labels[train]), (vectors[test], labels[test]), patients[test]
            )
    if fine_tune is not None:
        known = {label: labels[train] for label, labels in by_label.items()}
        predictions = fine_tune(images[rows[train]], known, images[rows[test]])
        report.scores += [
            score_predictions(
                list(methods)[-1],
                label,
                "fine-tuned",
                int(train.sum()),
                predicted,
                by_label[label][test],
                patients[test],
            )
            for label, predicted in predictions.items()
        ]
    return report


def evaluate_packs(
    atlas: tuple[NDArray[np.generic], Sequence[Mapping[str, str]]],
    queries: tuple[NDArray[np.generic], Sequence[Mapping[str, str]]],
    methods: Mapping[str, Embed],
) -> ClassificationReport:
    """Classify lesion types of one ROI pack by another of other patients (images and rows of each)."""
    report = ClassificationReport(scores=[])
    for method, embed in methods.items():
        sides = []
        for images, rows in (atlas, queries):
            typed = [i for i, row in enumerate(rows) if row.get("lesion_type")]
            if not typed:
                raise LabelError("a pack without lesion_type cannot be used to score votes; give one with types")
            sides.append((embed(images[typed]), np.array([rows[i]["lesion_type"] for i in typed])))
            patients = np.array([rows[i]["patient_id"] for i in typed])
        report.scores += score_classifiers(method, "lesion type", sides[0], sides[1], patients)
    return report


def to_markdown(report: ClassificationReport) -> str:
    """Format the report as a Markdown table."""
    lines = [
        "| method | label | classifier | accuracy, 95 % interval over patients | macro F1 | majority class |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {s.method} | {s.label} | {s.classifier} | {s.accuracy} | {s.macro_f1:.3f} | {s.majority:.3f} |"
        for s in report.scores
    ]
    return "\n".join(lines) + "\n"
