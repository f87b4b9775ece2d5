"""The most a search may claim, however alike the pictures are.

An atlas's calibration says how alike lesions of its own kind are. It does not carry over to a study of another kind,
which can be alike for another reason: even brain lies next to even liver at a similarity of .99. So what is known of
study and atlas sets a ceiling, and the ceiling has a reason that is said with it.
"""

from collections.abc import Collection

from tools.domain.body_regions import may_be_among
from tools.domain.lesions import Confidence, ConfidenceLimit
from tools.domain.study import SafeFacts

MIN_CALIBRATED_ON = 20  # lesions; a quantile of fewer says nothing
LEVELS: tuple[Confidence, ...] = ("none", "low", "moderate", "high")

LIMIT_WORDS: dict[ConfidenceLimit, str] = {
    "units": "the pixels of this study are not in Hounsfield units",
    "image kind": "the image is an overview or a projection and no slice",
    "body part": "the atlas holds no lesions of this body part",
    "unknown body part": "the file does not say which part of the body it shows",
    "plane": "the slices lie in another plane than those of the atlas",
    "body part seen": "which part of the body it is was judged from the picture alone",
    "few lesions": "the atlas holds too few lesions to say what is alike",
    "synthetic atlas": "the atlas is synthetic and this study is not",
}


def limited(
    likeness: Confidence,
    study: SafeFacts,
    body_parts: Collection[str],
    synthetic_atlas: bool,
    calibrated_on: int,
) -> tuple[Confidence, ConfidenceLimit | None]:
    """Lower the confidence of likeness alone to the ceiling of study and atlas; return it and what lowered it, if any.

    - Pixels other than HU, or a body part that is not among the atlas's `body_parts`: none, so no type is named. One
      that is unknown is not among them.
    - An overview, or a projection of several slices: none.
    - Slices that are not axial: low at most, and that is the reason given also where the likeness itself is low.
    - Fewer than `MIN_CALIBRATED_ON` lesions that could be compared with other patients': low at most.
    - A body part that no file states, but that the picture looks like: moderate at most.
    - Synthetic lesions only, asked about a study that is not synthetic: low at most.
    """
    body_part = study.body_part or study.body_part_seen
    missing: ConfidenceLimit = "body part" if body_part else "unknown body part"
    ceilings: tuple[tuple[bool, Confidence, ConfidenceLimit], ...] = (
        (study.units != "HU", "none", "units"),
        (study.kind in ("localizer", "mip"), "none", "image kind"),
        (not may_be_among(body_part, body_parts), "none", missing),
        (study.plane not in (None, "axial"), "low", "plane"),
        (calibrated_on < MIN_CALIBRATED_ON, "low", "few lesions"),
        (synthetic_atlas and not study.synthetic, "low", "synthetic atlas"),
        (study.body_part is None and body_part is not None, "moderate", "body part seen"),
    )
    for applies, ceiling, limit in ceilings:
        lowers = LEVELS.index(ceiling) < LEVELS.index(likeness)
        if applies and (lowers or (limit == "plane" and likeness == ceiling)):
            return ceiling, limit
    return likeness, None
