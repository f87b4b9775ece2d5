"""The display windows that the viewer offers and the pictures are shown in, all in this one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Window:
    """A display window in HU: `level_hu` is its centre (DICOM PS3.3 C.11.2.1.2, Window Center and Width)."""

    width_hu: float
    level_hu: float


# Name, width and level, as the viewer lists them and numbers its keys. A series without a window of its own opens in
# the first. A new one is one more line.
DISPLAY_WINDOWS: dict[str, Window] = {
    "Soft tissue": Window(400, 40),
    "Lung": Window(1500, -600),
    "Liver": Window(150, 90),
    "Bone": Window(2500, 480),
    "Brain": Window(80, 40),
}
SOFT_TISSUE_WINDOW = DISPLAY_WINDOWS["Soft tissue"]
LUNG_WINDOW = DISPLAY_WINDOWS["Lung"]
BONE_WINDOW = DISPLAY_WINDOWS["Bone"]
BRAIN_WINDOW = DISPLAY_WINDOWS["Brain"]
