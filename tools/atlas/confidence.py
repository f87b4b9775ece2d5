"""The most a search may claim, however alike the pictures are.

An atlas's calibration says how alike lesions of its own kind are. It does not carry over to a study of another kind,
which can be alike for another reason: even brain lies next to even liver at a similarity of .99. So what is known of
study and atlas sets a ceiling, and the ceiling has a reason that is said with it.
"""

from collections.abc import Collection

from tools.domain.body_regions import may_be_among
from tools.domain.lesions import Confidence, ConfidenceLimit
from tools.domain.study import SafeFacts

LEVELS: tuple[Confidence, ...] = ("none", "low", "moderate", "high")

LIMIT_WORDS: dict[ConfidenceLimit, str] = {
    "units": "the pixels of this study are not in Hounsfield units",
    "body part": "the atlas holds no lesions of this body part",
    "unknown body part": "the file does not say which part of the body it shows",
    "body part seen": "which part of the body it is was judged from the picture alone",
    "synthetic atlas": "the atlas is synthetic and this study is not",
}


def limited(
    likeness: Confidence, study: SafeFacts, body_parts: Collection[str], synthetic_atlas: bool
) -> tuple[Confidence, ConfidenceLimit | None]:
    """Lower the confidence of likeness alone to the ceiling of study and atlas; return it and what lowered it, if any.

    - Pixels other than HU, or a body part that is not among the atlas's `body_parts`: none, so no type is named. One
      that is unknown is not among them.
    - A body part that no file states, but that the picture looks like: moderate at most.
    - Synthetic lesions only, asked about a study that is not synthetic: low at most.
    """
    body_part = study.body_part or study.body_part_seen
    missing: ConfidenceLimit = "body part" if body_part else "unknown body part"
    ceilings: tuple[tuple[bool, Confidence, ConfidenceLimit], ...] = (
        (study.units != "HU", "none", "units"),
        (not may_be_among(body_part, body_parts), "none", missing),
        (synthetic_atlas and not study.synthetic, "low", "synthetic atlas"),
        (study.body_part is None and body_part is not None, "moderate", "body part seen"),
    )
    for applies, ceiling, limit in ceilings:
        if applies and LEVELS.index(ceiling) < LEVELS.index(likeness):
            return ceiling, limit
    return likeness, None
