"""Atlases and encoders on the Hugging Face Hub: pushed with a card, pulled into a new folder.

An atlas becomes a dataset repository: a ROI pack with the licence of each lesion, its vectors, and what they were
embedded with. Whatever may not be passed on is refused before anything is sent. The token is the Hub's own (`hf auth
login`, or HF_TOKEN); HF_ENDPOINT names another hub.
"""

import contextlib
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoder.embedder import SHIPPED_WEIGHTS, Embedder, load_embedder
from encoder.errors import LesionSearchError
from encoder.pack import LesionRow, read_pack, write_pack
from tools import VERSION
from tools.atlas.atlas import Atlas
from tools.atlas.build import export_pack, index_pack
from tools.atlas.folder import sole_writer
from tools.atlas.upkeep import appearing, open_as_built
from tools.domain.patient_keys import PatientKeys
from tools.domain.progress import StageProgress

FACTS, VECTORS, LICENCES = "atlas.json", "vectors.npy", "licences.json"
PULLED = ("images.npy", "context.npy", "lesions.csv", FACTS, VECTORS)
KNOWN_LICENCES = {"phantom": "apache-2.0"}  # by source: what this program makes itself
# that let others have copies and crops; none that forbids changed works, for a ROI is one. By their names on the Hub
REDISTRIBUTABLE = (
    "apache-2.0", "bsd-3-clause", "cc-by-2.0", "cc-by-3.0", "cc-by-4.0", "cc-by-nc-3.0", "cc-by-nc-4.0",
    "cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc0-1.0", "mit", "odc-by", "pddl",
)  # fmt: skip
UNIT_TOLERANCE = 1e-3


class HubError(LesionSearchError):
    """The Hub cannot be reached, refuses, or what is there cannot be used; or something may not be passed on."""


@dataclass(frozen=True)
class Pushed:
    """What was pushed: where it is, and how many lesions stand under which licence."""

    address: str
    by_licence: dict[str, int]


@dataclass(frozen=True)
class Pulled:
    """What was pulled; `same_encoder` tells whether its own vectors could be taken."""

    lesions: int
    same_encoder: bool
    by_licence: dict[str, int]


def push_atlas(
    location: str,
    repository: str,
    keys: PatientKeys,
    licences: Mapping[str, str] | None = None,
    private: bool = False,
    progress: StageProgress | None = None,
) -> Pushed:
    """Push an atlas as a dataset repository, which is made where there is none.

    A lesion's own licence counts; `licences` are by source, for lesions without, and those of an atlas that was pulled
    are known. Teaching notes, which only people of this installation read, stay here. Raises HubError where a lesion
    has no licence or one that forbids passing on, and AtlasError.
    """
    with sole_writer(location, progress):
        atlas = open_as_built(location, keys)
        pack, vectors, fingerprint = export_pack(atlas), atlas.vectors(), atlas.fingerprint
        atlas.close()
    known = {**KNOWN_LICENCES, **_kept_licences(Path(location)), **(licences or {})}
    lesions = tuple(replace(lesion, licence=_licence_of(lesion, known)) for lesion in pack.lesions)
    pack = replace(pack, lesions=lesions)
    by_source = Counter((lesion.source or "", lesion.licence or "") for lesion in lesions)
    by_licence = dict(sorted(Counter(lesion.licence or "" for lesion in lesions).items()))
    facts = {"fingerprint": fingerprint, "lesions": len(pack), "licences": dict(sorted(by_source)), "program": VERSION}
    with tempfile.TemporaryDirectory(prefix="lesion-search-push-") as scratch:
        folder = Path(scratch)
        write_pack(pack, folder)
        np.save(folder / VECTORS, vectors.astype(np.float32), allow_pickle=False)
        (folder / FACTS).write_text(json.dumps(facts, indent=2), encoding="utf-8")
        types = Counter(lesion.lesion_type or "unknown" for lesion in pack.lesions)
        (folder / "README.md").write_text(_atlas_card(repository, facts, types, by_source), encoding="utf-8")
        return Pushed(_upload(folder, repository, "dataset", private), by_licence)


def pull_atlas(
    repository: str,
    out: Path,
    embedder: Embedder,
    keys: PatientKeys,
    revision: str | None = None,
    progress: StageProgress | None = None,
) -> Pulled:
    """Build an atlas in the new folder `out` of what was pushed; lesions of another encoder are embedded anew.

    Raises HubError, PackError, AtlasError.
    """
    from huggingface_hub import snapshot_download

    with tempfile.TemporaryDirectory(prefix="lesion-search-pull-") as scratch:
        with _worded(repository):
            folder = Path(
                snapshot_download(
                    repository, repo_type="dataset", revision=revision, local_dir=scratch, allow_patterns=list(PULLED)
                )
            )
        pack = read_pack(folder)
        facts, vectors = _facts(folder, len(pack), repository)
        same = facts["fingerprint"] == embedder.fingerprint
        embed = _Stored(vectors) if same and vectors.shape[1] == embedder.dim else embedder
        with appearing(out) as part:
            atlas = Atlas(part, embedder.fingerprint, keys, create=True)
            report = None if progress is None else partial(progress, "Building the atlas")
            index_pack(atlas, pack, embed, report)
            atlas.close()
            (part / LICENCES).write_text(json.dumps(facts["licences"], indent=2), encoding="utf-8")
    of_lesions = Counter(lesion.licence or "unknown" for lesion in pack.lesions)
    return Pulled(len(pack), embed is not embedder, dict(sorted(of_lesions.items())))


def push_encoder(encoder: str | None, repository: str, private: bool = False) -> Pushed:
    """Push an encoder folder, or the shipped one, as a model repository with its card; `--encoder` takes its name.

    Raises HubError, EncoderError.
    """
    folder = Path(encoder) if encoder else SHIPPED_WEIGHTS
    if not folder.is_dir():
        raise HubError(f"{folder} is no folder of an encoder: name one that `lesion-search train` wrote.")
    embedder = load_embedder(encoder)
    with tempfile.TemporaryDirectory(prefix="lesion-search-push-") as scratch:
        for name in ("config.json", "model.safetensors", "training.json"):
            if (folder / name).is_file():
                shutil.copyfile(folder / name, Path(scratch, name))
        Path(scratch, "README.md").write_text(_encoder_card(repository, embedder), encoding="utf-8")
        return Pushed(_upload(Path(scratch), repository, "model", private), {})


class _Stored:
    """Stands in for an encoder while a new atlas is filled: hands out the vectors in the order of its lesions."""

    def __init__(self, vectors: NDArray[np.float32]) -> None:
        self._vectors = vectors
        self._given = 0

    def __call__(self, images: NDArray[Any]) -> NDArray[np.float32]:
        self._given += len(images)
        return self._vectors[self._given - len(images) : self._given]


def _licence_of(lesion: LesionRow, by_source: Mapping[str, str]) -> str:
    """Find a lesion's licence by its name on the Hub: its own, or that of its source. Raises HubError where there is
    none, or one that forbids passing on."""
    source = lesion.source or ""
    licence = (lesion.licence or by_source.get(source, "")).lower().replace(" ", "-")
    name = source or "(none)"
    if not licence:
        raise HubError(
            f"Nothing says under which licence lesions of the source {name} may be passed on: name it with "
            f'--licence "{source}=LICENCE", or leave them out of the atlas. Nothing was sent.'
        )
    if licence not in REDISTRIBUTABLE:
        raise HubError(
            f"Lesions of the source {name} stand under {licence}, which is not known to allow passing crops on "
            f"({', '.join(REDISTRIBUTABLE)} do). Nothing was sent."
        )
    return licence


def _kept_licences(atlas: Path) -> dict[str, str]:
    """Read the licences that came with an atlas that was pulled."""
    try:
        return {str(k): str(v) for k, v in json.loads((atlas / LICENCES).read_text(encoding="utf-8")).items()}
    except (OSError, ValueError):
        return {}


def _facts(folder: Path, lesions: int, repository: str) -> tuple[dict[str, Any], NDArray[np.float32]]:
    """Read and check what stands beside the pack: a stranger wrote it. Raises HubError."""
    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        vectors = np.load(folder / VECTORS, allow_pickle=False)
        licences = {str(source): str(licence) for source, licence in facts["licences"].items()}
        fingerprint = str(facts["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise HubError(f"{repository} is no atlas that `lesion-search atlas push` wrote.") from error
    norms = np.linalg.norm(vectors, axis=1) if vectors.ndim == 2 and vectors.dtype == np.float32 else np.zeros(1)
    if len(vectors) != lesions or not np.allclose(norms, 1, atol=UNIT_TOLERANCE):
        raise HubError(f"The vectors of {repository} are not one of length 1 for each of its {lesions} lesions.")
    return {"fingerprint": fingerprint, "licences": licences}, vectors


def _upload(folder: Path, repository: str, kind: str, private: bool) -> str:
    from huggingface_hub import HfApi

    with _worded(repository):
        api = HfApi()
        address = api.create_repo(repository, repo_type=kind, private=private, exist_ok=True)
        api.upload_folder(
            repo_id=repository, repo_type=kind, folder_path=folder, commit_message=f"lesion-search {VERSION}"
        )
    return str(address)


@contextlib.contextmanager
def _worded(repository: str) -> Iterator[None]:
    """Word what goes wrong with the Hub. Raises HubError."""
    from huggingface_hub import errors

    try:
        yield
    except errors.HFValidationError as error:
        raise HubError(f"{repository} is no name of a repository: write it as OWNER/NAME.") from error
    except errors.RepositoryNotFoundError as error:
        raise HubError(f"The Hub has no {repository}, or it needs a login: `hf auth login`.") from error
    except errors.OfflineModeIsEnabled as error:
        raise HubError("The Hub is turned off by HF_HUB_OFFLINE: unset it.") from error
    except errors.HfHubHTTPError as error:
        status = error.response.status_code if error.response is not None else "no answer"
        raise HubError(
            f"The Hub refused ({status}): check the name {repository}, and log in with `hf auth login`."
        ) from error
    except OSError as error:  # of the connection, or nothing in the cache to fall back to
        raise HubError("The Hub cannot be reached: check the connection, and try again.") from error


def _atlas_card(
    repository: str, facts: Mapping[str, Any], types: Counter[str], by_source: Counter[tuple[str, str]]
) -> str:
    from huggingface_hub import DatasetCardData

    licences = sorted({licence for _, licence in by_source})
    data = DatasetCardData(
        license=licences if len(licences) > 1 else licences[0],
        pretty_name="Lesion Search atlas",
        tags=["lesion-search", "medical", "ct", "radiology", "image-retrieval"],
        task_categories=["image-feature-extraction"],
        size_categories=_size(facts["lesions"]),
        configs=[{"config_name": "lesions", "data_files": "lesions.csv"}],
    )
    rows = "\n".join(f"| {name or '(none)'} | {n} | {licence} |" for (name, licence), n in sorted(by_source.items()))
    kinds = ", ".join(f"{name} {count}" for name, count in types.most_common())
    return f"""---
{data.to_yaml()}
---

# Lesion Search atlas

{facts["lesions"]} lesions of CT as crops of 64×64 pixels with their surroundings (`images.npy`, `context.npy`), what is
known of each (`lesions.csv`) and unit vectors in the same order (`vectors.npy`). Patients and studies stand under keyed
hashes. For research and teaching, not for diagnosis.

| source | lesions | licence |
|---|---|---|
{rows}

Types: {kinds}.

Embedded by the encoder `{facts["fingerprint"]}` of lesion-search {facts["program"]}.

```
lesion-search atlas pull {repository} --out atlases/pulled
lesion-search serve --atlas atlases/pulled
```
"""


def _encoder_card(repository: str, embedder: Embedder) -> str:
    from huggingface_hub import ModelCardData

    data = ModelCardData(
        license="apache-2.0",
        library_name="transformers",
        pipeline_tag="image-feature-extraction",
        tags=["lesion-search", "medical", "ct", "radiology", "image-retrieval"],
    )
    return f"""---
{data.to_yaml()}
---

# Lesion encoder

Regions of interest of CT, 64×64 in Hounsfield units, to unit vectors of {embedder.dim} numbers: lesions that look alike
get similar ones. Fingerprint `{embedder.fingerprint}`; `training.json`, where it is, says how it was trained. For
research and teaching, not for diagnosis.

```
lesion-search serve --encoder {repository}
```

or in Python, `LesionEncoder.from_pretrained("{repository}")` of `encoder.network.lesion_encoder`.
"""


def _size(lesions: int) -> str:
    """Name a number of rows as the Hub does."""
    for bound, name in ((1000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K")):
        if lesions < bound:
            return name
    return "100K<n<1M"
