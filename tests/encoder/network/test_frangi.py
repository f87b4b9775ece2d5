"""Vesselness equals scikit-image's, image by image, whatever the batch."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from skimage.filters import frangi as reference

from encoder.network.frangi import _operators, frangi
from tests.conftest import examples

TOLERANCE = 1e-5


def textured(seed: int, shape: tuple[int, ...], smoothness: float) -> np.ndarray:
    noise = np.random.default_rng(seed).random(shape)
    image = ndimage.gaussian_filter(noise, smoothness)
    return (image - image.min()) / (image.max() - image.min())


@settings(max_examples=examples(25))
@given(
    seed=st.integers(0, 10_000),
    height=st.integers(16, 70),
    width=st.integers(16, 70),
    smoothness=st.floats(0.7, 3),
    sigmas=st.lists(st.sampled_from([0.5, 1, 1.5, 2, 3, 5]), min_size=1, max_size=3, unique=True),
    beta=st.floats(0.2, 2),
    gamma=st.one_of(st.none(), st.floats(0.01, 1)),
    black_ridges=st.booleans(),
    double=st.booleans(),
)
def test_equals_skimage_in_2d(seed, height, width, smoothness, sigmas, beta, gamma, black_ridges, double):
    image = textured(seed, (height, width), smoothness).astype(np.float64 if double else np.float32)
    expected = reference(image, sigmas=sigmas, beta=beta, gamma=gamma, black_ridges=black_ridges)
    ours = frangi(torch.from_numpy(image), sigmas, beta=beta, gamma=gamma, black_ridges=black_ridges)
    np.testing.assert_allclose(ours.numpy(), expected, atol=TOLERANCE)


@settings(max_examples=examples(10))
@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(*[st.integers(10, 24)] * 3),
    smoothness=st.floats(0.8, 2),
    alpha=st.floats(0.3, 1.5),
    beta=st.floats(0.3, 1.5),
    gamma=st.one_of(st.none(), st.floats(0.02, 0.5)),
    black_ridges=st.booleans(),
    double=st.booleans(),
)
def test_equals_skimage_in_3d(seed, shape, smoothness, alpha, beta, gamma, black_ridges, double):
    volume = textured(seed, shape, smoothness).astype(np.float64 if double else np.float32)
    # In float32 scikit-image itself is off by more than the tolerance where the middle eigenvalue vanishes.
    expected = reference(
        volume.astype(np.float64), sigmas=(1, 2), alpha=alpha, beta=beta, gamma=gamma, black_ridges=black_ridges
    )
    ours = frangi(torch.from_numpy(volume), (1, 2), alpha, beta, gamma, black_ridges, spatial_dims=3)
    np.testing.assert_allclose(ours.numpy(), expected, atol=TOLERANCE)


def test_a_batch_is_its_images_one_by_one():
    batch = torch.from_numpy(np.stack([textured(i, (64, 64), 1.5) * (i + 1) for i in range(70)])).float()
    together = frangi(batch.reshape(7, 10, 64, 64), (1, 2, 3))
    assert together.shape == (7, 10, 64, 64)
    alone = torch.stack([frangi(image, (1, 2, 3)) for image in batch])
    torch.testing.assert_close(together.reshape(70, 64, 64), alone, atol=1e-6, rtol=0)


def test_a_bright_line_answers_only_as_a_bright_line():
    image = torch.zeros(64, 64, dtype=torch.float64)
    image[torch.arange(64), torch.arange(64)] = 1
    line = frangi(image, (1, 2), gamma=0.05, black_ridges=False)
    assert line[20:44, 20:44].diagonal().min() > 0.5
    assert line[5, 50] < 1e-6


def test_a_flat_image_has_no_vessels():
    assert frangi(torch.full((2, 32, 32), 0.4), (1, 2), gamma=0.05).max() < 1e-6


def test_the_input_is_left_alone():
    image = torch.from_numpy(textured(0, (32, 32), 1))
    before = image.clone()
    frangi(image, (1, 2))
    assert torch.equal(image, before)


@pytest.mark.parametrize("image", [torch.zeros(8), torch.zeros(8, 8, dtype=torch.int16)])
def test_refuses_what_it_cannot_filter(image):
    with pytest.raises(ValueError, match="frangi"):
        frangi(image)


@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.0])
def test_no_operator_holds_denormal_numbers(sigma):
    for matrix in _operators(64, sigma, torch.float32):
        sizes = matrix.abs()
        assert not ((sizes > 0) & (sizes < torch.finfo(torch.float32).tiny)).any()
