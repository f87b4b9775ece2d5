"""The shipped network reads messages."""

import pytest
import torch

from assistant.training.train_network import NetworkConfig, _network, _tokenizer
from assistant.understanding.call_language import write
from assistant.understanding.network.model import PrefixTransformer
from assistant.understanding.network.onnx_network import Shape
from assistant.understanding.network.output_tokens import END
from assistant.understanding.network.reader import encode_message, load_network_reader
from tests.assistant.models.tiny_model import make_tiny_base
from tests.assistant.planning.test_planner import R1, state

STATE = state(R1).model_copy(update={"atlas_types": ("abdomen", "bone", "kidney", "liver", "lung", "mediastinum",
                                                     "pelvis", "soft tissue")})  # fmt: skip


def test_it_reads_filters_of_a_search():
    calls = load_network_reader().read("show me similar lesions in women over 60", STATE)
    assert write(calls) == '[{"do":"search","sex":"F","age":">60"}]'


def test_tokens_decoded_one_by_one_score_as_all_at_once_beside_a_longer_message():
    shape = Shape(30, 7, numbers=2, encoder_width=12, encoder_layers=2, encoder_heads=3, encoder_kv_heads=1,
                  encoder_hidden=16, rope_base=1e4, width=16, layers=2, heads=2, hidden=32, types=2)  # fmt: skip
    network = PrefixTransformer(shape).eval()
    text, numbers = torch.tensor([[4, 9, 2, 0, 0], [1, 2, 3, 4, 5]]), torch.tensor([[0, 1, 2, 0, 0], [0, 0, 0, 1, 0]])
    types = torch.tensor([[2, 0, 1, 0, 0], [0, 1, 1, 0, 0]])
    output = torch.tensor([[6, 3, 1], [6, 2, 2]])
    words = network.encode_words(text)
    whole = network.head(network(words, numbers, types, torch.tensor([3, 5]), output)).log_softmax(-1)
    for row, length in enumerate((3, 5)):
        cache = network.encode(*(one[row : row + 1, :length] for one in (text, numbers, types)))
        for at, token in enumerate(output[row].tolist()):
            scores, cache = network.next_token(token, cache)
            torch.testing.assert_close(scores, whole[row, at])


def test_the_encoder_layers_are_a_llama_model_s(tmp_path):
    from transformers import AutoModelForCausalLM

    base = make_tiny_base(tmp_path)
    tokenizer = _tokenizer(base)
    network = _network(base, tokenizer, [END], NetworkConfig()).eval()
    ids = torch.tensor([tokenizer.encode("two similar lesions").ids])
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    with torch.inference_mode():
        for words in (model.model.embed_tokens.weight, network.word_embedding.weight):
            words *= 50  # its random words are so small that the norms' epsilons would count
        known = model(ids, output_hidden_states=True).hidden_states[2]  # scaled by its last norm, as ours does again
        known = torch.nn.functional.layer_norm(known, known.shape[-1:])
        torch.testing.assert_close(network.encode_words(ids), known, rtol=1e-3, atol=1e-3)


def test_capitals_accents_and_length_do_not_matter():
    encoded = [
        encode_message(load_network_reader().tokenizer, "R1", text, ())
        for text in ("Läsion im FUSS?", "lasion im fuss?")
    ]
    assert encoded[0] == encoded[1]
    assert load_network_reader().read("similar lesions " + "please " * 500, STATE)[0].do == "search"


def test_pieces_of_a_number_know_which_one_it_is():
    tokenizer = load_network_reader().tokenizer
    encoded = encode_message(tokenizer, "R1 R2; hits age 61-", "thirty-five to 60, r2", ())
    pieces = tokenizer.encode("r1 r2; hits age 61- | thirty-five to 60, r2").tokens
    by_number = {n: "".join(p for p, m in zip(pieces, encoded.numbers, strict=True) if m == n) for n in (1, 2, 3)}
    assert {n: said.strip("Ġ") for n, said in by_number.items()} == {1: "thirty-five", 2: "60", 3: "2"}
    assert encoded.values == ["35", "60", "2"]


def test_pieces_of_a_type_know_which_one_it_is_whatever_the_atlas():
    tokenizer = load_network_reader().tokenizer
    state, text = "r1; search; hits in hepatic cyst", "no cysts but Zorblats, not zorblats of the brain"
    encoded = encode_message(tokenizer, state, text, ("Zorblat", "hepatic cyst", "adenoma"))
    assert encoded.names == ["hepatic cyst", "Zorblat", "?"]
    pieces = tokenizer.encode(f"{state} | {text.lower()}").tokens
    by_type = {n: "".join(p for p, m in zip(pieces, encoded.types, strict=True) if m == n) for n in (1, 2, 3)}
    assert by_type == {1: "Ġhepatic\u0120cystĠcysts", 2: "ĠzorblatsĠzorblats", 3: "Ġbrain"}


def test_a_pointer_to_what_the_message_has_not_is_never_written():
    reader = load_network_reader()
    for message in ("similar ones over sixty", "only liver", "what is it"):
        assert reader.read(message, STATE)


@pytest.mark.parametrize(
    ("text", "sizes"), [("lesions of 37 mm to 83 mm", "37mm-83mm"), ("from 2.5 cm to nine cm", "2.5cm-9cm")]
)
def test_numbers_are_pointed_at(text, sizes):
    assert load_network_reader().read(f"similar {text}", STATE)[0].size == sizes
