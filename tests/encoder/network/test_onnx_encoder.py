"""What serves an encoder computes what was trained: vectors of ONNX Runtime beside PyTorch's, for any architecture."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from encoder.embedder import SHIPPED_WEIGHTS, Embedder, load_embedder
from encoder.network.architecture import CHANNELS, Architecture
from encoder.network.lesion_encoder import LesionEncoder, LesionEncoderConfig, load_model
from encoder.network.onnx_frangi import bright_vessels
from encoder.network.onnx_graph import OnnxGraph
from encoder.preprocess import standardize
from tests.conftest import examples

TOLERANCE = 1e-4


def textured(count: int, planes: int, seed: int = 0) -> np.ndarray:
    """Draw ROIs with their contexts as HU; the second has no context."""
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal((count, planes, 64, 64)), (0, 0, 2, 2))
    images = (noise * 900).astype(np.int16)
    images[1, 1:] = -1000
    return images


def trained_a_little(architecture: Architecture, seed: int) -> LesionEncoder:
    """Make a network whose every parameter and buffer says something."""
    torch.manual_seed(seed)
    model = LesionEncoder(LesionEncoderConfig(**architecture.model_dump())).eval()
    for name, table in model.state_dict().items():
        if table.is_floating_point():
            drawn = 0.05 * torch.rand_like(table) if "familiarity" in name else 0.2 * torch.randn_like(table)
            positive = "running_var" in name or "normalization.weight" in name
            table.copy_(drawn.abs() + 0.5 if positive or "exponent" in name else drawn)
    return model


def vectors_of(model: LesionEncoder, images: np.ndarray) -> np.ndarray:
    with torch.inference_mode():
        return model(torch.from_numpy(standardize(images))).numpy()


@pytest.mark.parametrize("planes", [1, 2])
def test_the_shipped_encoder_gives_the_vectors_of_its_training(planes):
    images = textured(70, 2)[:, :planes]
    model = load_model(SHIPPED_WEIGHTS)
    np.testing.assert_allclose(load_embedder()(images), vectors_of(model, images), atol=TOLERANCE)
    with torch.inference_mode():
        expected = model.same_lesion(torch.from_numpy(standardize(images))).numpy()
    np.testing.assert_allclose(load_embedder().same_lesion(images), expected, atol=TOLERANCE)


@settings(max_examples=examples(12))
@given(
    channels=st.lists(st.sampled_from(CHANNELS), min_size=1, max_size=3, unique=True),
    context_dim=st.sampled_from([0, 12]),
    widths=st.sampled_from([[8, 8, 16, 16], [8, 12, 12, 24]]),
    depths=st.sampled_from([[1, 1, 1, 1], [2, 1, 2, 1]]),
    pooling=st.sampled_from(["gem", "average"]),
    view=st.sampled_from([(0.4, 48), (1, 64), (0.7, 64), (1, 40)]),
    centred=st.booleans(),
    beta=st.floats(0.3, 1.5),
    gamma=st.floats(0.02, 0.5),
    sigmas=st.lists(st.sampled_from([0.5, 1, 2.0, 3]), min_size=1, max_size=2, unique=True),
    labels=st.sampled_from([{}, {"type": ["a", "b", "c"], "margin": ["sharp", "vague"]}]),
    familiarity=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_any_encoder_is_served_as_trained(
    channels, context_dim, widths, depths, pooling, view, centred, beta, gamma, sigmas, labels, familiarity, seed
):
    architecture = Architecture(
        channels=channels, dim=16, context_dim=context_dim, widths=widths, depths=depths, pooling=pooling,
        lens=view[0], input_px=view[1], centred=centred, frangi_beta=beta, frangi_gamma=gamma, frangi_sigmas=sigmas,
        readout=labels, familiarity=familiarity, same_lesion_dim=0,
    )  # fmt: skip
    model = trained_a_little(architecture, seed)
    images = textured(3, 2, seed)
    served = Embedder.of(model)(images)
    assert served.shape == (3, architecture.embedding_dim)
    np.testing.assert_allclose(served, vectors_of(model, images), atol=TOLERANCE)


def test_the_frangi_channel_is_skimage_s():
    from skimage.filters import frangi

    image = standardize(textured(2, 1))[0, 0]
    graph = OnnxGraph()
    pixels = graph.input("pixels", np.float32, ["N", 1, 64, 64])
    session = graph.session([bright_vessels(graph, pixels, 64, (1, 2, 3), beta=0.6, gamma=0.0444)])
    (response,) = session.run(None, {"pixels": image[None, None]})
    expected = frangi(image.astype(np.float64), sigmas=(1, 2, 3), beta=0.6, gamma=0.0444, black_ridges=False)
    assert expected.max() > 0.2
    np.testing.assert_allclose(response[0, 0], expected, atol=1e-5)


def test_saliency_is_that_of_the_trained_network():
    """Occlusion by PyTorch, patch by patch, as the definition says."""
    query, hit = textured(2, 2, seed=3)
    model = load_model(SHIPPED_WEIGHTS)
    heat, _ = load_embedder().saliency(query, hit)
    image, other = standardize(query[None]), vectors_of(model, hit[None])[0]
    similarity = float(vectors_of(model, query[None])[0] @ other)
    roi = image[0, 0]
    border = np.concatenate((roi[0], roi[-1], roi[:, 0], roi[:, -1])).mean()
    total, weight = np.zeros((64, 64)), np.zeros((64, 64))
    for y in range(-8, 64, 8):
        for x in range(-8, 64, 8):
            mask = torch.zeros(1, 1, 64, 64)
            mask[..., max(0, y) : y + 16, max(0, x) : x + 16] = 1
            soft = torch.nn.functional.avg_pool2d(mask, 5, 1, 2, count_include_pad=False).numpy()
            with torch.inference_mode():
                hidden = torch.from_numpy(image * (1 - soft) + border * soft)
                drop = similarity - float(model(hidden)[0].numpy() @ other)
            total += max(drop, 0) * soft[0, 0]
            weight += soft[0, 0]
    expected = total / weight
    np.testing.assert_allclose(heat, expected / expected.max(), atol=1e-3)
