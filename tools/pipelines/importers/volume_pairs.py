"""Which volume a mask belongs to, by the layouts that collections have.

Names are read as words: what says image or mask is taken away, and what is left must be equal. So `imagesTr/liver_1`
and `labelsTr/liver_1` (MSD, nnU-Net, where images end with `_0000`), `case_00001/imaging` and `segmentation` (KiTS),
`volume-1` and `segmentation-1` (LiTS), `s0001/ct` and `segmentations/liver` (TotalSegmentator) all find each other.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tools.pipelines.importers.annotated_lesion import ImportFailure
from tools.pipelines.importers.volume_files import stem

IMAGE_WORDS = frozenset("image images img imaging imagestr imagests volume volumes vol vols ct cts scan scans".split())  # noqa: SIM905
MASK_WORDS = frozenset(
    """
    mask masks label labels labelstr labelsts seg segs segmentation segmentations segmented annotation annotations gt
    groundtruth roi rois tumor tumour lesion lesions lesionmask
    """.split()  # noqa: SIM905
)
_WORD = re.compile(r"[^\W_]+")
_KITS = {1: "kidney", 2: "tumor", 3: "cyst"}
_LITS = {1: "liver", 2: "tumor"}

Key = tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """One image with its masks; `name` stays the same wherever the collection lies."""

    name: str
    image: Path
    masks: tuple[tuple[Path, str | None], ...]  # with the label, where the name of the file says it


@dataclass(frozen=True)
class Layout:
    """What a folder of volumes holds; `names` are labels by value, `unpaired` masks without an image."""

    collection: str
    cases: tuple[Case, ...]
    names: dict[int, str] = field(default_factory=dict)
    unpaired: tuple[Path, ...] = ()


def find_layout(root: Path, files: Iterable[Path]) -> Layout:
    """Pair images and masks below `root`. Raises ImportFailure where `dataset.json` says that they are not CT."""
    collection, names = _described(root)
    images: dict[Key, Path] = {}
    masks: list[tuple[Key, Path]] = []
    for path in sorted(files):
        key, is_mask = _key_of(path.relative_to(root).parent.parts, stem(path))
        if is_mask:
            masks.append((key, path))
        else:
            images.setdefault(key, path)
    found: dict[Key, list[tuple[Path, str | None]]] = defaultdict(list)
    unpaired = []
    for key, path in masks:
        if key in images:
            found[key].append((path, None))
        elif key[:-1] in images:  # one file a label, in a folder of masks
            found[key[:-1]].append((path, stem(path)))
        else:
            unpaired.append(path)
    cases = tuple(Case("/".join(key), images[key], tuple(paths)) for key, paths in sorted(found.items()))
    if not names and cases:
        image, mask = stem(cases[0].image).lower(), stem(cases[0].masks[0][0]).lower()
        names = _KITS if (image, mask) == ("imaging", "segmentation") else names
        names = _LITS if image.startswith("volume-") and mask.startswith("segmentation-") else names
    return Layout(collection, cases, names, tuple(unpaired))


def _key_of(folders: tuple[str, ...], name: str) -> tuple[Key, bool]:
    """What is left of a path without the words for its role, and whether it is a mask."""
    is_mask = False
    key: list[str] = []
    for part in (*folders, name):
        words = _WORD.findall(part)
        plain = [word for word in words if word.lower() not in IMAGE_WORDS | MASK_WORDS]
        marked = any(word.lower() in MASK_WORDS for word in words)
        is_mask |= marked
        if part is name and len(plain) > 1 and plain[-1] == "0000" and not marked:
            plain = plain[:-1]  # nnU-Net's first channel
        if plain:
            key.append("_".join(plain))
    return tuple(key), is_mask


def _described(root: Path) -> tuple[str, dict[int, str]]:
    """The name of a collection and its labels, of `dataset.json` where there is one (MSD and nnU-Net write them)."""
    try:
        described = json.loads((root / "dataset.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return root.name, {}
    if not isinstance(described, dict):
        return root.name, {}
    channels = described.get("channel_names") or described.get("modality") or {}
    kinds = {str(kind).upper() for kind in channels.values()} if isinstance(channels, dict) else set()
    if kinds and not any("CT" in kind for kind in kinds):
        raise ImportFailure(
            f"{root.name} holds {', '.join(sorted(kinds))[:60]} by its dataset.json, and this atlas is of CT."
        )
    names: dict[int, str] = {}
    labels = described.get("labels")
    for a, b in labels.items() if isinstance(labels, dict) else ():
        value, name = (a, b) if str(a).isdigit() else (b, a)  # MSD: number to name; nnU-Net: name to number
        if str(value).isdigit() and int(value) > 0:
            names[int(value)] = str(name)
    return str(described.get("name") or root.name), names
