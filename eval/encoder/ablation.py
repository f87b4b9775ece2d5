"""What each part of the method adds, and the baselines, all trained on the same rows, views and number of epochs.

Training takes long, so its outcome is kept as a small file in the repository: for every held-out nodule how many of
its ten nearest carry its label. Tables are made from that file, and the shipped encoder is measured anew beside it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from encoder.embedder import load_embedder
from encoder.errors import LesionSearchError
from encoder.training.presets import Augmentation, Optimization, Preset, Stage
from eval.encoder.lidc import Nodule, largest_slices, write_lidc_pack
from eval.encoder.retrieval import LIDC_LABELS, Embed, Estimate, estimate, estimate_difference, rank
from eval.metrics import precision_at

RESULTS = Path(__file__).parent / "results" / "ablation.json"
EPOCHS = 6
BATCH = 128
K = 10
ENCODER = "shipped encoder"

_SIMCLR = Preset(
    name="simclr",
    channels=("image",),
    pooling="average",
    labels=("lesion_type",),  # the supervised baseline and the fine-tuning learn the type alone
    stages=(Stage("simclr", EPOCHS, "nt_xent", batch=BATCH, rows_per_lesion=2),),
)
_BOTH = replace(_SIMCLR, name="simclr-frangi-gem", channels=("image", "frangi"), pooling="gem")
_FINE_TUNING = Stage(
    "retrieval",
    max(1, EPOCHS // 4),
    "contrastive",
    batch=BATCH,
    rows_per_lesion=2,
    margin=0.8,
    augmentation=Augmentation(rotation_deg=0, zoom=(1.0, 1.0), shift_px=0, rewindow_probability=0, blur_probability=0),
    optimization=Optimization("sgd", learning_rate=1e-2, warmup_epochs=0),
)


class AblationError(LesionSearchError):
    """An ablation's kept figures are missing or belong to other data."""


@dataclass(frozen=True)
class Run:
    """One training; `stages` gives a method's name to the weights after each stage."""

    preset: Preset
    methods: tuple[str, ...]
    is_vae: bool = False


def runs(epochs: int = EPOCHS, seed: int = 0) -> tuple[Run, ...]:
    """List all trainings. Fine-tuning goes on from SimCLR with both parts, for a quarter of its epochs more."""
    fine = replace(_FINE_TUNING, epochs=max(1, epochs // 4))
    classified = Stage("supervised", epochs, "classification", batch=BATCH, temperature=0.1, rows_per_lesion=2)
    both = replace(_with_epochs(_BOTH, epochs), name="simclr-frangi-gem-tuned")
    both = replace(both, stages=(*both.stages, fine))
    planned = (
        Run(replace(_with_epochs(_SIMCLR, epochs), name="vae"), ("VAE",), is_vae=True),
        Run(replace(_SIMCLR, name="supervised", stages=(classified,)), ("supervised classification",)),
        Run(_with_epochs(_SIMCLR, epochs), ("SimCLR",)),
        Run(both, ("SimCLR + Frangi + GeM", "SimCLR + Frangi + GeM, fine-tuned")),
        Run(_with_epochs(replace(_SIMCLR, name="simclr-gem", pooling="gem"), epochs), ("SimCLR + GeM",)),
        Run(
            _with_epochs(replace(_SIMCLR, name="simclr-frangi", channels=("image", "frangi")), epochs),
            ("SimCLR + Frangi",),
        ),
    )
    return tuple(replace(run, preset=replace(run.preset, seed=seed)) for run in planned)


def _with_epochs(preset: Preset, epochs: int) -> Preset:
    return replace(preset, stages=(replace(preset.stages[0], epochs=epochs),))


class KeptAblation(BaseModel):
    """What `eval/encoder/results/ablation.json` holds."""

    command: str
    seed: int
    epochs: int
    batch: int
    training_rois: int
    queries: str  # digest of the held-out nodules in their order
    hits: dict[str, dict[str, list[int]]]  # method -> label -> how many of the ten nearest of each nodule agree


class Difference(BaseModel):
    """Macro P@10 of one method minus that of another, by label, with paired intervals over patients."""

    first: str
    second: str
    labels: dict[str, Estimate]


class AblationReport(BaseModel):
    kept: KeptAblation
    nodules: int
    patients: int
    scores: dict[str, dict[str, Estimate]]  # method -> label
    ahead: list[Difference]  # shipped encoder minus each method
    parts: list[Difference]  # what each part adds


def run_ablation(
    data: Path,
    images: NDArray[np.uint8],
    nodules: Sequence[Nodule],
    out: Path,
    epochs: int,
    seed: int,
    say: Callable[[str], None],
) -> KeptAblation:
    """Train what `out` does not hold yet, and count hits on the held-out patients. Can be interrupted and repeated."""
    pack = out / "pack"
    if not (pack / "lesions.csv").is_file():
        write_lidc_pack(data / "lidc", pack)
    hits: dict[str, dict[str, list[int]]] = {}
    planned = runs(epochs, seed)
    for number, run in enumerate(planned, start=1):
        say(f"{number} of {len(planned)}: {run.preset.name}")
        for method, embed in trained(run, [pack], out / run.preset.name).items():
            hits[method] = count_hits(embed, images, nodules)
    return KeptAblation(
        command=f"lesion-search eval ablation --epochs {epochs} --seed {seed}",
        seed=seed,
        epochs=epochs,
        batch=BATCH,
        training_rois=sum(nodule.split == "train" for nodule in nodules),
        queries=_digest(nodules),
        hits=hits,
    )


def trained(run: Run, packs: Sequence[Path], folder: Path, train_on_validation: bool = False) -> dict[str, Embed]:
    """Train the methods of one run unless the folder holds them already; goes on where training was cut."""
    from encoder.training.train import train
    from eval.encoder.vae_baseline import load_vae, train_vae

    done = folder / "done.json"
    plan = json.dumps(asdict(run.preset), indent=2)
    finished = done.is_file() and done.read_text() == plan
    if run.is_vae:
        model = load_vae(folder, run.preset) if finished else train_vae(packs, folder, run.preset)
        done.write_text(plan)
        return {run.methods[0]: model.embed}
    if not finished:
        started = folder if (folder / "checkpoint").is_dir() else None
        train(packs, folder, run.preset, resume=started, train_on_validation=train_on_validation)
        done.write_text(plan)
    return {
        method: load_embedder(folder / stage.name) for method, stage in zip(run.methods, run.preset.stages, strict=True)
    }


def count_hits(embed: Embed, images: NDArray[np.uint8], nodules: Sequence[Nodule]) -> dict[str, list[int]]:
    """Count, by label, how many of each held-out nodule's ten nearest of other patients agree with it."""
    rows, patients = _queries(nodules)
    vectors = embed(images[rows])
    counted = {}
    for label, column in LIDC_LABELS.items():
        labels = np.array([getattr(nodules[row], column) for row in rows])
        ranking = rank(vectors, labels, patients, "cross-patient", K)
        shown = np.minimum(K, ranking.available)
        counted[label] = np.rint(precision_at(ranking.relevant, ranking.available, K) * shown).astype(int).tolist()
    return counted


def _queries(nodules: Sequence[Nodule]) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    rows = np.array([row for row in largest_slices(nodules) if nodules[row].split == "test"])
    return rows, np.array([nodules[row].patient_id for row in rows])


def _digest(nodules: Sequence[Nodule]) -> str:
    names = "\n".join(nodules[row].lesion_id for row in _queries(nodules)[0])
    return hashlib.sha256(names.encode()).hexdigest()[:16]


def read_kept(path: Path = RESULTS) -> KeptAblation:
    """Read the figures of the last ablation. Raises AblationError."""
    try:
        return KeptAblation.model_validate_json(path.read_text())
    except (OSError, ValueError) as error:
        raise AblationError(f"no ablation is kept in {path} ({error}); run `lesion-search eval ablation`") from error


def report_ablation(
    kept: KeptAblation, images: NDArray[np.uint8], nodules: Sequence[Nodule], beside: Mapping[str, Embed]
) -> AblationReport:
    """Estimate intervals and paired differences; `beside` are the methods measured now, the shipped encoder last.

    Raises AblationError where the held-out nodules are not those of the kept figures.
    """
    if kept.queries != _digest(nodules):
        raise AblationError("the kept ablation was measured on other nodules; run `lesion-search eval ablation` again")
    hits = {name: count_hits(embed, images, nodules) for name, embed in beside.items()} | kept.hits
    order = [*list(beside)[:-1], *kept.hits, ENCODER]
    rows, patients = _queries(nodules)
    truth = {label: np.array([getattr(nodules[row], column) for row in rows]) for label, column in LIDC_LABELS.items()}

    def precision(method: str, label: str) -> NDArray[np.float64]:
        return np.array(hits[method][label]) / K

    def difference(first: str, second: str) -> Difference:
        labels = {
            label: estimate_difference(precision(first, label), precision(second, label), values, patients)
            for label, values in truth.items()
        }
        return Difference(first=first, second=second, labels=labels)

    steps = [
        ("SimCLR + Frangi", "SimCLR"),
        ("SimCLR + GeM", "SimCLR"),
        ("SimCLR + Frangi + GeM", "SimCLR"),
        ("SimCLR + Frangi + GeM, fine-tuned", "SimCLR + Frangi + GeM"),
        ("SimCLR + Frangi + GeM", "VAE"),
        ("SimCLR + Frangi + GeM", "supervised classification"),
    ]
    return AblationReport(
        kept=kept,
        nodules=len(rows),
        patients=len(np.unique(patients)),
        scores={
            method: {label: estimate(precision(method, label), values, patients, 0) for label, values in truth.items()}
            for method in order
        },
        ahead=[difference(ENCODER, method) for method in order[:-1]],
        parts=[difference(first, second) for first, second in steps],
    )


def to_markdown(report: AblationReport) -> str:
    """Format three tables: every method, how far the shipped encoder is ahead, what each part adds."""
    kept, labels = report.kept, list(LIDC_LABELS)
    head = ["| " + " | ".join(labels) + " |", "|---|" + "---|" * len(labels)]
    lines = [
        f"Cross-patient macro P@10 on {report.nodules} nodules of {report.patients} test patients, 95 % interval over "
        f"patients. Each method but the shipped encoder: {kept.epochs} epochs, batch {kept.batch}, seed {kept.seed}, "
        f"the {kept.training_rois} ROIs of the training patients (two a nodule and epoch), the same views, lens and "
        f"48-pixel input (`{kept.command}`); fine-tuning adds a quarter of the epochs.",
        "",
        f"| method {head[0]}",
        head[1],
    ]
    for method, by_label in report.scores.items():
        lines.append(f"| {method} | " + " | ".join(str(by_label[label]) for label in labels) + " |")
    for title, differences in (
        ("Shipped encoder minus", report.ahead),
        ("What a part adds at this budget", report.parts),
    ):
        lines += ["", f"{title}, paired over patients (bold: the interval excludes zero):", "", f"| {head[0]}", head[1]]
        for d in differences:
            name = d.second if differences is report.ahead else f"{d.first} − {d.second}"
            lines.append(f"| {name} | " + " | ".join(_signed(d.labels[label]) for label in labels) + " |")
    return "\n".join(lines) + "\n"


def _signed(difference: Estimate) -> str:
    text = f"{difference.value:+.3f} ({difference.low:+.3f} to {difference.high:+.3f})"
    return f"**{text}**" if difference.low > 0 or difference.high < 0 else text
