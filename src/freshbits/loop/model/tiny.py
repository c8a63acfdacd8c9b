"""The model that comes along: a Llama of about 130,000 parameters that reads characters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

SPECIAL = ("<pad>", "<bos>", "<eos>", "<unk>")
SYMBOLS = "0123456789+-=.!~"
WIDTH, LAYERS, HEADS = 64, 2, 4
LONGEST = 64  # characters of a prompt with its completion


def new_model() -> Any:
    """Returns the network with weights as torch's seed draws them."""
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(SPECIAL) + len(SYMBOLS),
        hidden_size=WIDTH,
        intermediate_size=4 * WIDTH,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        max_position_embeddings=LONGEST,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        tie_word_embeddings=True,
    )
    return LlamaForCausalLM(config)


def new_tokenizer() -> Any:
    """Returns the tokenizer: one token per character, nothing added, padding on the left."""
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {token: at for at, token in enumerate((*SPECIAL, *SYMBOLS))}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Split(Regex("."), behavior="isolated")
    inner.decoder = decoders.Fuse()
    fast: Any = PreTrainedTokenizerFast
    return fast(
        tokenizer_object=inner,
        pad_token="<pad>",
        bos_token="<bos>",
        eos_token="<eos>",
        unk_token="<unk>",
        padding_side="left",
        model_max_length=LONGEST,
    )


def base_path() -> Path:
    """Returns the folder of the base checkpoint; `recipe.json` in it says how it was made."""
    from pathlib import Path

    return Path(__file__).parent / "base"


def turns_path() -> Path:
    """Returns the folder of the base checkpoint for the game `guess`."""
    from pathlib import Path

    return Path(__file__).parent / "turns"
