"""What a scanner makes of a painted stack: blur of the kernel, texture of tissue, noise of the reconstruction."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from tools.pipelines.phantoms.canvas import Floats, Tissue

SIZE = 512  # pixels of a slice, as scanners write them
NOISE_TILES = 6

TEXTURE = {
    Tissue.FAT: 5,
    Tissue.MUSCLE: 7,
    Tissue.LUNG: 16,
    Tissue.MEDIASTINUM: 7,
    Tissue.LIVER: 4,
    Tissue.SPLEEN: 4,
    Tissue.KIDNEY: 4,
    Tissue.BOWEL: 14,
    Tissue.VISCERAL: 7,
    Tissue.BONE: 26,
    Tissue.MARROW: 24,
    Tissue.ORGAN: 5,
    Tissue.AXILLA: 8,
}
TEXTURE_HU = np.array([TEXTURE.get(tissue, 0) for tissue in Tissue], np.float32)  # standard deviation by tissue


def noise_tiles(rng: np.random.Generator) -> Floats:
    """Make unit-variance noise (tiles, rows, columns) with the spectrum of filtered back projection: a rolled-off ramp.

    The second half are smooth tiles for the texture of tissue.
    """
    f = np.fft.fftfreq(SIZE)[:, None] ** 2 + np.fft.rfftfreq(SIZE)[None, :] ** 2
    radius = np.sqrt(f)
    ramp = radius * np.exp(-((radius / 0.2) ** 2))
    smooth = np.exp(-((radius / 0.09) ** 2)) * (radius > 0.006)
    tiles = []
    for spectrum in [ramp] * NOISE_TILES + [smooth] * NOISE_TILES:
        tile = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((SIZE, SIZE))) * spectrum, s=(SIZE, SIZE))
        tiles.append((tile / tile.std()).astype(np.float32))
    return np.stack(tiles)


def scan(hu: Floats, tissue: NDArray[np.uint8], rng: np.random.Generator, noise: Floats) -> NDArray[np.int16]:
    """Simulate the scanner: blur, tissue texture, noise stronger in the middle of the body."""
    image = ndimage.gaussian_filter(hu, (0, 0.75, 0.75), truncate=3)
    axis = np.linspace(-1, 1, SIZE, dtype=np.float32)
    bump = np.exp(-(axis[:, None] ** 2 * 2.2 + axis[None, :] ** 2))
    sigma = np.float32(rng.uniform(8, 14)) * (np.float32(0.45) + np.float32(0.75) * bump)
    for k in range(len(image)):
        first, second = rng.integers(NOISE_TILES, size=2)
        image[k] += sigma * _roll(noise[first], rng)
        image[k] += TEXTURE_HU[tissue[k]] * _roll(noise[NOISE_TILES + second], rng)
    return np.asarray(np.rint(np.clip(image, -1024, 3071)), np.int16)


def _roll(tile: Floats, rng: np.random.Generator) -> Floats:
    rolled = np.roll(tile, tuple(int(n) for n in rng.integers(SIZE, size=2)), (0, 1))
    return rolled.T if rng.random() < 0.5 else rolled
