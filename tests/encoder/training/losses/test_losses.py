"""The registry: each preset's losses are in it, and each loss takes the same batch."""

import pytest
import torch
from torch.nn.functional import normalize

from encoder.errors import EncoderError
from encoder.training.losses import LOSSES, LossBatch, get_loss
from encoder.training.losses.contrastive import contrastive
from encoder.training.losses.nt_xent import nt_xent
from encoder.training.losses.proxy_softmax import proxy_softmax
from encoder.training.presets import PRESETS, Stage

STAGE = Stage("any", epochs=1, loss="any", temperature=0.3, margin=0.7, label_smoothing=0.1)


@pytest.fixture
def batch() -> LossBatch:
    torch.manual_seed(0)
    return LossBatch(
        STAGE,
        normalize(torch.randn(8, 6), dim=1).requires_grad_(),
        torch.randn(8, 5, requires_grad=True),
        lesions=torch.tensor([0, 0, 1, 2]),
        classes=torch.tensor([[0, 1], [0, -1], [1, 0], [-1, 2]]).repeat(2, 1),
        proxies=[torch.randn(2, 6), torch.randn(3, 6)],
        class_weights=[torch.ones(2), torch.tensor([1.0, 2.0, 0.5])],
        label_weights=[1.0, 0.3],
    )


def test_every_loss_a_preset_names_is_there():
    named = {stage.loss for preset in PRESETS.values() for stage in preset.stages}
    assert named <= set(LOSSES)
    with pytest.raises(EncoderError, match="no loss 'triplet'; choose one of nt_xent, contrastive, classification"):
        get_loss("triplet")


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_is_a_number_with_gradients(batch, name):
    loss = LOSSES[name](batch)
    assert loss.shape == ()
    loss.backward()
    gradients = [tensor.grad for tensor in (batch.vectors, batch.projections) if tensor.grad is not None]
    assert any(gradient.abs().sum() > 0 for gradient in gradients)


def test_each_reads_its_part_of_stage_and_batch(batch):
    assert LOSSES["nt_xent"](batch) == nt_xent(batch.projections[:4], batch.projections[4:], 0.3, batch.lesions)
    assert LOSSES["contrastive"](batch) == contrastive(batch.vectors, batch.classes[:, 0], 0.7)
    first, second = (
        proxy_softmax(batch.vectors, batch.proxies[n], batch.classes[:, n], batch.class_weights[n], 0.3, 0.1)
        for n in (0, 1)
    )
    torch.testing.assert_close(LOSSES["classification"](batch), first + 0.3 * second)
