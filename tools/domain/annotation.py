"""What a user measured on a slice without marking a region: a length, or an angle."""

from dataclasses import dataclass
from typing import Literal

AnnotationKind = Literal["length", "angle"]


@dataclass(frozen=True)
class Annotation:
    """Points that a user set on one slice, and what they measure.

    `annotation_id` is M1, M2, … within a session. `points_px` are two (x, y) of a length, three of an angle with its
    vertex in the middle; pixel i covers i..i+1. Both values are None where the file gives no pixel spacing.
    """

    annotation_id: str
    series_key: str
    slice_index: int  # 0-based
    points_px: tuple[tuple[float, float], ...]
    length_mm: float | None = None
    angle_deg: float | None = None
    name: str = ""

    @property
    def kind(self) -> AnnotationKind:
        """Tell a length from an angle."""
        return "length" if len(self.points_px) == 2 else "angle"
