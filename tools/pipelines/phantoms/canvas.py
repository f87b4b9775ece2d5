"""Drawing in Hounsfield units: soft-edged solids, tubes and trees on a short stack of CT slices."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Point = tuple[float, float, float]
Window3 = tuple[slice, slice, slice]


class Tissue(IntEnum):
    """What a voxel belongs to; lesions are placed by it and textures follow it."""

    AIR = 0
    FAT = 1
    SKIN = 2
    MUSCLE = 3
    LUNG = 4
    VESSEL = 5
    MEDIASTINUM = 6
    HEART = 7
    LIVER = 8
    SPLEEN = 9
    KIDNEY = 10
    BOWEL = 11
    VISCERAL = 12
    BONE = 13
    MARROW = 14
    BLADDER = 15
    ORGAN = 16
    GAS = 17
    AXILLA = 18


@dataclass(frozen=True)
class Grid:
    """Where the voxels are: body coordinates in mm, x to the patient's left, y to the back, z to the head.

    `x`, `y` (rows, columns) are the anatomy's coordinates at each pixel after the patient's own low-frequency
    deformation; `z` (slices, 1, 1). `scale` turns anatomy mm into patient mm.
    """

    x: Floats
    y: Floats
    z: Floats
    spacing_mm: float
    thickness_mm: float
    scale: tuple[float, float]
    slack_mm: float  # the most that deformation moves a pixel

    @classmethod
    def of(
        cls,
        rng: np.random.Generator,
        size: int,
        spacing_mm: float,
        z_mm: NDArray[np.float64],
        scale: tuple[float, float],
        bend_mm: float = 3.5,
    ) -> "Grid":
        axis = (np.arange(size, dtype=np.float32) - (size - 1) / 2) * np.float32(spacing_mm)
        x, y = np.meshgrid(axis, axis)
        shift_x, shift_y = np.zeros_like(x), np.zeros_like(y)
        waves = [(rng.uniform(160, 320), bend_mm * rng.uniform(0.5, 1)) for _ in range(4)]
        waves += [(rng.uniform(45, 90), 0.22 * bend_mm * rng.uniform(0.5, 1)) for _ in range(4)]
        for shift in (shift_x, shift_y):
            for length, amplitude in waves:
                angle, phase = rng.uniform(0, 2 * np.pi, 2)
                k = np.float32(2 * np.pi / length)
                direction = np.float32(np.cos(angle)) * x + np.float32(np.sin(angle)) * y
                shift += np.float32(amplitude / 2) * np.sin(k * direction + np.float32(phase))
        return cls(
            x=(x + shift_x) / np.float32(scale[0]),
            y=(y + shift_y) / np.float32(scale[1]),
            z=np.asarray(z_mm, np.float32)[:, None, None],
            spacing_mm=spacing_mm,
            thickness_mm=float(abs(z_mm[1] - z_mm[0])) if len(z_mm) > 1 else spacing_mm,
            scale=scale,
            slack_mm=2.2 * bend_mm,
        )

    def window(self, low: Sequence[float], high: Sequence[float], margin: float = 2.0) -> Window3 | None:
        """Find the part of the stack that may hold a solid between two corners (anatomy mm), or None."""
        z = self.z[:, 0, 0]
        inside = np.nonzero((z >= low[2] - margin) & (z <= high[2] + margin))[0]
        if not len(inside):
            return None
        half = (self.x.shape[0] - 1) / 2
        cut = []
        for axis, scale in ((1, self.scale[1]), (0, self.scale[0])):
            start = int((low[axis] * scale - self.slack_mm - margin) / self.spacing_mm + half)
            stop = int((high[axis] * scale + self.slack_mm + margin) / self.spacing_mm + half) + 2
            cut.append(slice(max(start, 0), min(max(stop, 0), self.x.shape[0])))
            if cut[-1].start >= cut[-1].stop:
                return None
        return slice(int(inside[0]), int(inside[-1]) + 1), cut[0], cut[1]


class Canvas:
    """A stack being painted: `hu` and `tissue`, both (slices, rows, columns). Later paint covers earlier paint."""

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.shape = (len(grid.z), *grid.x.shape)
        self.hu: Floats = np.full(self.shape, -1000, np.float32)
        self.tissue = np.zeros(self.shape, np.uint8)
        self.everything: Window3 = (slice(0, self.shape[0]), slice(0, self.shape[1]), slice(0, self.shape[2]))

    def paint(
        self, window: Window3, cover: Floats, hu: float | Floats, tissue: Tissue | None, clip: Floats | None = None
    ) -> None:
        """Blend `hu` in by `cover` (0..1, the share of the voxel that is filled)."""
        if clip is not None:
            cover = cover * clip[window]
        view = self.hu[window]
        view += cover * (hu - view)
        if tissue is not None:
            self.tissue[window][cover > 0.5] = tissue

    def soft(self, inside_mm: Floats, edge_mm: float | None = None) -> Floats:
        """Compute the share of a voxel filled, from the signed distance to the surface."""
        share: Floats = inside_mm / np.float32(edge_mm or 1.3 * self.grid.spacing_mm) + np.float32(0.5)
        return share.clip(0, 1)

    def depth(
        self,
        centre: Point,
        radii: Point,
        angle_deg: float = 0.0,
        lumps: Sequence[tuple[int, float, float]] = (),
        square: float = 0.0,
    ) -> tuple[Window3, Floats] | None:
        """Compute the signed distance in mm (positive inside) to a lumpy ellipsoid, in the window around it.

        `lumps` are (waves around the outline, relative amplitude, phase); `square` 0 is an ellipse, 1 a box.
        """
        reach = max(radii[0], radii[1]) * (1.05 + sum(abs(a) for _, a, _ in lumps))
        rx, ry = (radii[0] * 1.05, radii[1] * 1.05) if angle_deg == 0 and not lumps else (reach, reach)
        low = (centre[0] - rx, centre[1] - ry, centre[2] - radii[2])
        high = (centre[0] + rx, centre[1] + ry, centre[2] + radii[2])
        window = self.grid.window(low, high)
        if window is None:
            return None
        x = self.grid.x[window[1:]] - np.float32(centre[0])
        y = self.grid.y[window[1:]] - np.float32(centre[1])
        if angle_deg:
            c, s = np.float32(np.cos(np.radians(angle_deg))), np.float32(np.sin(np.radians(angle_deg)))
            x, y = c * x + s * y, c * y - s * x
        u, v = x / np.float32(radii[0]), y / np.float32(radii[1])
        flat = np.sqrt(u * u + v * v)
        if square:
            fourth = np.sqrt(np.sqrt(u**4 + v**4))
            flat = np.float32(1 - square) * flat + np.float32(square) * fourth
        z = self.grid.z[window[0]]
        if lumps:
            theta = np.arctan2(v, u)
            swell = np.ones_like(theta)
            for waves, amplitude, phase in lumps:
                swell += np.float32(amplitude) * np.cos(waves * theta + np.float32(phase))
            flat = flat / swell
        w = (z - np.float32(centre[2])) / np.float32(radii[2])
        return window, (1 - np.sqrt(flat * flat + w * w)) * np.float32(np.sqrt(radii[0] * radii[1]))

    def solid(
        self,
        centre: Point,
        radii: Point,
        hu: float,
        tissue: Tissue | None,
        angle_deg: float = 0.0,
        lumps: Sequence[tuple[int, float, float]] = (),
        square: float = 0.0,
        edge_mm: float | None = None,
        clip: Floats | None = None,
        rind: tuple[float, float] | None = None,
    ) -> None:
        """Paint an ellipsoid. `rind` is (thickness mm, HU) of a shell, e.g. cortical bone or the wall of the gut."""
        found = self.depth(centre, radii, angle_deg, lumps, square)
        if found is None:
            return
        window, depth = found
        if rind is None:
            self.paint(window, self.soft(depth, edge_mm), hu, tissue, clip)
            return
        self.paint(window, self.soft(depth, edge_mm), rind[1], tissue, clip)
        self.paint(window, self.soft(depth - np.float32(rind[0]), edge_mm), hu, None, clip)

    def tube(
        self,
        start: Point,
        end: Point,
        radii: tuple[float, float],
        hu: float,
        tissue: Tissue | None,
        clip: Floats | None = None,
        flat_z: float | None = None,
    ) -> None:
        """Paint a tapering tube between two points with round ends. With `flat_z`, a plate of that half-height in z."""
        widest = max(radii)
        high_z, low_z = max(start[2], end[2]), min(start[2], end[2])
        reach_z = widest if flat_z is None else flat_z
        low = (min(start[0], end[0]) - widest, min(start[1], end[1]) - widest, low_z - reach_z)
        high = (max(start[0], end[0]) + widest, max(start[1], end[1]) + widest, high_z + reach_z)
        window = self.grid.window(low, high, margin=1.0)
        if window is None:
            return
        x = self.grid.x[window[1:]][None] - np.float32(start[0])
        y = self.grid.y[window[1:]][None] - np.float32(start[1])
        dx, dy = np.float32(end[0] - start[0]), np.float32(end[1] - start[1])
        z = self.grid.z[window[0]] - np.float32(start[2])
        dz = np.float32(end[2] - start[2])
        if flat_z is not None:
            z, dz = np.zeros_like(z), np.float32(0)
        along = np.clip((x * dx + y * dy + z * dz) / (dx * dx + dy * dy + dz * dz + np.float32(1e-6)), 0, 1)
        distance = np.sqrt((x - along * dx) ** 2 + (y - along * dy) ** 2 + (z - along * dz) ** 2)
        radius = np.float32(radii[0]) + np.float32(radii[1] - radii[0]) * along
        self.paint(window, self.soft(radius - distance), hu, tissue, clip)

    def path(
        self,
        points: Sequence[Point],
        radii: Sequence[float],
        hu: float,
        tissue: Tissue | None,
        clip: Floats | None = None,
    ) -> None:
        """Paint a tube through several points."""
        for k in range(len(points) - 1):
            self.tube(points[k], points[k + 1], (radii[k], radii[k + 1]), hu, tissue, clip)

    def where(self, rng: np.random.Generator, tissue: Tissue, count: int, side: int = 0) -> NDArray[np.float64]:
        """Draw random points (n, 3) in anatomy mm inside a tissue; `side` -1 keeps the patient's right, +1 the left."""
        thin = self.tissue[:, ::4, ::4]
        slices, rows, columns = np.nonzero(thin == tissue)
        if side:
            keep = np.sign(self.grid.x[::4, ::4][rows, columns]) == side
            slices, rows, columns = slices[keep], rows[keep], columns[keep]
        if not len(slices):
            return np.zeros((0, 3))
        chosen = rng.integers(len(slices), size=count)
        s, r, c = slices[chosen], rows[chosen] * 4, columns[chosen] * 4
        z = self.grid.z[s, 0, 0] + rng.uniform(-0.5, 0.5, count) * self.grid.thickness_mm
        return np.stack([self.grid.x[r, c], self.grid.y[r, c], z], axis=1).astype(np.float64)


@dataclass(frozen=True)
class Segment:
    start: Point
    end: Point
    radii: tuple[float, float]


def grow_tree(root: Point, tips: NDArray[np.float64], tip_radius_mm: float, exponent: float = 2.6) -> list[Segment]:
    """Join tips to a root as a branching tree: the nearest first, each to a near node without detour or sharp turn.

    Radii follow Murray's law: the parent's radius to the power of `exponent` is the sum of its children's.
    """
    if not len(tips):
        return []
    origin = np.asarray(root, np.float64)
    tips = tips[np.argsort(np.linalg.norm(tips - origin, axis=1), kind="stable")]
    nodes = np.vstack([origin[None], tips])
    way = np.zeros(len(nodes))
    heading = np.zeros_like(nodes)
    parent = np.zeros(len(nodes), np.int64)
    for k in range(1, len(nodes)):
        step = nodes[k] - nodes[:k]
        hop = np.linalg.norm(step, axis=1)
        bend = 1 - np.einsum("ij,ij->i", step, heading[:k]) / (hop + 1e-9)
        parent[k] = int(np.argmin(hop * (1 + 0.6 * bend) + 0.35 * way[:k]))
        way[k] = way[parent[k]] + hop[parent[k]]
        heading[k] = step[parent[k]] / (hop[parent[k]] + 1e-9)
    flow = np.ones(len(nodes))
    for k in range(len(nodes) - 1, 0, -1):
        flow[parent[k]] += flow[k]
    radius = tip_radius_mm * flow ** (1 / exponent)
    place = [(float(p[0]), float(p[1]), float(p[2])) for p in nodes]
    return [
        Segment(place[parent[k]], place[k], (float(min(radius[parent[k]], radius[k] * 1.25)), float(radius[k])))
        for k in range(1, len(nodes))
    ]
