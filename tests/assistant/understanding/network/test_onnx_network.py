"""What serves the network of the reader computes what was trained."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from assistant.understanding.call_language import state_line
from assistant.understanding.network.model import PrefixTransformer, dequantize, quantize
from assistant.understanding.network.onnx_network import OnnxNetwork, Shape
from assistant.understanding.network.output_tokens import END
from assistant.understanding.network.reader import (
    NETWORK_FILE,
    SHAPE_FILE,
    WEIGHTS,
    encode_message,
    load_network_reader,
)
from tests.assistant.understanding.network.test_reader import STATE

MESSAGES = (
    "show me similar lesions in women over 60 with a long axis below 2 cm",
    "what is it, and how big",
    "only liver, no cysts",
)


@pytest.mark.parametrize("types", [0, 2])
def test_a_network_of_any_shape_is_served_as_trained(types):
    torch.manual_seed(0)
    shape = Shape(30, 7, numbers=2, encoder_width=24, encoder_layers=2, encoder_heads=3, encoder_kv_heads=1,
                  encoder_hidden=32, rope_base=1e4, width=16, layers=2, heads=2, hidden=32, types=types)  # fmt: skip
    network = PrefixTransformer(shape).eval()
    stored = quantize(network.state_dict())
    network.load_state_dict(dequantize(stored))
    served = OnnxNetwork(shape, {name: table.numpy() for name, table in stored.items()})
    marks = [4, 9, 2, 7, 7], [0, 1, 2, 0, 0], [2, 0, 1, 0, 0]
    with torch.inference_mode():
        cache = network.encode(*(torch.tensor([one]) for one in marks))
        ours = served.encode(*marks)
        for token in (6, 3, 1):
            expected = np.stack([part[0].numpy() for layer in cache for part in layer])
            assert np.linalg.norm(ours - expected) < 0.02 * np.linalg.norm(expected)
            scores, cache = network.next_token(token, cache)
            near, ours = served.next_token(token, ours)
            np.testing.assert_allclose(near, scores.numpy(), atol=0.02)


def test_the_shipped_network_finds_the_same_output_as_likely():
    saved = json.loads((WEIGHTS / SHAPE_FILE).read_text(encoding="utf-8"))
    network = PrefixTransformer(Shape(**saved["shape"])).eval()
    network.load_state_dict(dequantize(load_file(WEIGHTS / NETWORK_FILE)))
    reader = load_network_reader()
    for message in MESSAGES:
        encoded = encode_message(reader.tokenizer, state_line(STATE), message, STATE.atlas_types)
        marks = encoded.ids, encoded.numbers, encoded.types
        ours, token = reader.network.encode(*marks), reader.output_tokens.index(END)
        with torch.inference_mode():
            cache = network.encode(*(torch.tensor([one]) for one in marks))
            for _ in range(6):
                scores, cache = network.next_token(token, cache)
                near, ours = reader.network.next_token(token, ours)
                np.testing.assert_allclose(np.exp(near), scores.exp().numpy(), atol=0.05)
                token = int(near.argmax())
                assert token == int(scores.argmax())


def test_reading_loads_no_torch():
    import subprocess
    import sys

    code = (
        "import sys; from assistant.core.turn_state import TurnState; "
        "from assistant.understanding.message_reader import read_message; "
        "read_message('women over 60', TurnState(atlas_types=('liver',), atlas_size=9)); "
        "assert not {'torch', 'transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
