"""How the picture is looked at, as words ask for it: slice, window, zoom, what is drawn over it.

The browser owns the view; a change is what the server asks of it. What only the browser knows (which slice is looked
at, which window is set) is changed by steps.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from tools.domain.windows import DISPLAY_WINDOWS, Window

WindowStep = Literal["wider", "narrower", "brighter", "darker", "default"]
Zoom = Literal["in", "out", "fit"]
Overlay = Literal["outlines", "labels", "rulers"]
OVERLAYS: tuple[Overlay, ...] = get_args(Overlay)


@dataclass(frozen=True)
class Looked:
    """What the screen looks at: a slice (0-based index), and the point (x, y) that was pointed at on it last."""

    slice_index: int
    point: tuple[float, float] | None = None


@dataclass(frozen=True)
class OpenStudy:
    """Another study that is open on the same page: its address, and what it is in words."""

    study_key: str
    words: str


@dataclass(frozen=True)
class ViewChange:
    """Hold what is to change; empty fields stay as they are."""

    slice: int | None = None  # counts from 1
    slices_on: int = 0  # from the one that is looked at; negative: back
    window: Window | None = None
    window_step: WindowStep | None = None
    zoom: Zoom | None = None
    zoom_on: str = ""  # a region
    panes: tuple[str, ...] | None = None  # beside the picture: `plane:coronal`, `series:0`, `study:KEY`; empty: none
    save_picture: bool = False  # as a PNG
    show: tuple[Overlay, ...] = ()
    hide: tuple[Overlay, ...] = ()

    def words(self, slices: int) -> list[str]:
        """Say in one sentence each how the viewer shows the picture now."""
        told = []
        if self.slice is not None:
            told.append(f"The viewer shows slice {self.slice} of {slices}.")
        if self.slices_on:
            count, way = abs(self.slices_on), "on" if self.slices_on > 0 else "back"
            told.append(f"The viewer goes {count} slice{'s' * (count > 1)} {way}.")
        if self.window is not None:
            told.append(f"The display window is {window_name(self.window)}.")
        if self.window_step == "default":
            told.append("The display window is the one that the file asks for.")
        elif self.window_step is not None:
            told.append(f"The picture is {self.window_step} now." if self.window_step in ("brighter", "darker")
                        else f"The display window is {self.window_step} now.")  # fmt: skip
        if self.zoom_on:
            told.append(f"The viewer is zoomed to {self.zoom_on.upper()}.")
        elif self.zoom is not None:
            told.append("The picture fits the viewer." if self.zoom == "fit" else f"The viewer is zoomed {self.zoom}.")
        if self.save_picture:
            told.append("The picture is saved as a PNG, with outlines and scale bar, by your browser.")
        told += [
            f"The {what} are {how}." for how, those in (("shown", self.show), ("hidden", self.hide)) for what in those
        ]
        return told


def window_name(window: Window) -> str:
    """Name a window as the viewer lists it, with its width and level: `Lung (W 1500, L −600)`; the numbers alone."""
    numbers = f"W {window.width_hu:g}, L {window.level_hu:g}".replace("-", "−")
    name = next((name for name, one in DISPLAY_WINDOWS.items() if one == window), None)
    return f"{name} ({numbers})" if name else numbers
