"""Sizes of the network of the network reader. Needs no torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """Sizes of the network: of the pretrained encoder layers, and of its own."""

    vocabulary: int
    output_tokens: int
    numbers: int  # of a message that can be pointed at
    encoder_width: int
    encoder_layers: int
    encoder_heads: int
    encoder_kv_heads: int  # heads of keys and values
    encoder_hidden: int
    rope_base: float  # of the encoder's rotation
    width: int = 256
    layers: int = 2
    heads: int = 8
    hidden: int = 1024
    types: int = 0  # lesion types of a message and its state that can be pointed at; 0: it writes their names
