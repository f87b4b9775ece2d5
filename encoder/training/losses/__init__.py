"""The losses a stage of a preset can name. A new one is a module beside these and a line in `LOSSES`."""

from encoder.errors import EncoderError
from encoder.training.losses.batch import Loss, LossBatch
from encoder.training.losses.contrastive import contrastive_loss
from encoder.training.losses.nt_xent import nt_xent_loss
from encoder.training.losses.proxy_softmax import proxy_softmax_loss

__all__ = ["LOSSES", "Loss", "LossBatch", "get_loss"]

LOSSES: dict[str, Loss] = {
    "nt_xent": nt_xent_loss,
    "contrastive": contrastive_loss,
    "classification": proxy_softmax_loss,
}


def get_loss(name: str) -> Loss:
    """Look a loss up by its name. Raises EncoderError for an unknown one."""
    if name not in LOSSES:
        raise EncoderError(f"there is no loss {name!r}; choose one of {', '.join(LOSSES)}")
    return LOSSES[name]
