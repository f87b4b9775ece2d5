"""The network gives unit vectors, and comes back from disk as it was."""

import pytest
import torch

from encoder.network.architecture import CHANNELS
from encoder.network.lesion_encoder import LesionEncoder, LesionEncoderConfig, magnify_center

SMALL = {"widths": (8, 8, 16, 16), "depths": (1, 1, 1, 1), "dim": 24}


@pytest.mark.parametrize("channels", [("image",), ("frangi",), CHANNELS])
@pytest.mark.parametrize(("pooling", "centred"), [("gem", True), ("average", False)])
def test_vectors_have_length_one(channels, pooling, centred):
    model = LesionEncoder(LesionEncoderConfig(channels=channels, pooling=pooling, centred=centred, **SMALL)).eval()
    vectors = model(torch.rand(3, 1, 64, 64))
    assert vectors.shape == (3, 24)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))


def test_saved_and_loaded_it_gives_the_same_vectors(tmp_path):
    model = LesionEncoder(LesionEncoderConfig(**SMALL)).eval()
    model.save_pretrained(tmp_path)
    assert [f.name for f in tmp_path.glob("*.safetensors")] == ["model.safetensors"]
    again = LesionEncoder.from_pretrained(tmp_path).eval()
    images = torch.rand(2, 1, 64, 64)
    torch.testing.assert_close(again(images), model(images))


def test_the_full_size_is_a_resnet18_with_two_convolutions():
    model = LesionEncoder(LesionEncoderConfig())
    assert 15e6 < sum(p.numel() for p in model.parameters()) < 17e6
    assert model.roi.neck(model.roi.stages(model.channels(torch.rand(2, 1, 64, 64)))[-1]).shape == (2, 512, 2, 2)


def test_reduced_precision_leaves_the_frangi_channel_exact():
    model = LesionEncoder(LesionEncoderConfig(channels=("frangi",), **SMALL))
    images = torch.rand(2, 1, 64, 64)
    exact = model.channels(images)
    with torch.autocast("cpu", torch.bfloat16):
        torch.testing.assert_close(model.channels(images), exact)


def test_every_parameter_learns():
    model = LesionEncoder(LesionEncoderConfig(**SMALL)).train()
    model(torch.rand(4, 1, 64, 64))[:, :5].sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


def test_a_context_is_looked_at_and_none_is_told_from_it():
    model = LesionEncoder(LesionEncoderConfig(context_dim=12, **SMALL)).eval()
    images = torch.rand(6, 2, 64, 64)
    whole, others = model(images), model(images.flip(0))
    torch.testing.assert_close(whole, others.flip(0))
    without = images.clone()
    without[:3, 1] = 0.7
    vectors = model(without)
    torch.testing.assert_close(vectors[3:], whole[3:])
    assert (vectors[:3] - whole[:3]).abs().max() > 0.01
    torch.testing.assert_close(vectors[:3], model(images[:3, :1]))
    torch.testing.assert_close(whole.norm(dim=1), torch.ones(6))


def test_every_parameter_of_both_branches_learns():
    model = LesionEncoder(LesionEncoderConfig(context_dim=12, **SMALL)).train()
    images = torch.rand(6, 2, 64, 64)
    images[:2, 1] = 0
    model(images)[:, ::3].sum().backward()
    assert [name for name, p in model.named_parameters() if p.grad is None] == []


@pytest.mark.parametrize(
    "wrong", [{"channels": ("image", "depth")}, {"channels": ()}, {"pooling": "median"}, {"lens": 0.0}]
)
def test_an_unknown_part_is_named(wrong):
    with pytest.raises(ValueError, match=r"channels|pooling|lens"):
        LesionEncoderConfig(**wrong)


def test_the_lens_magnifies_the_middle_and_keeps_the_edge():
    image = torch.zeros(1, 1, 64, 64)
    image[..., 28:36, 28:36] = 1  # 8 pixels wide in the middle
    image[..., :, 0] = 0.5
    seen = magnify_center(image, lens=0.4, side=64)
    assert 18 <= seen[0, 0, 32].gt(0.5).sum() <= 22
    torch.testing.assert_close(seen[0, 0, :, 0], torch.full((64,), 0.5))


def test_no_lens_is_the_plain_image():
    images = torch.rand(2, 1, 64, 64)
    torch.testing.assert_close(magnify_center(images, 1.0, 64), images, atol=1e-5, rtol=0)
