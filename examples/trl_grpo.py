"""TRL's GRPO quickstart with one line added: what the rewards carry stands in the trainer's own logs.

The quickstart's dataset and model are replaced by a few sums and a tiny untrained network, so that it runs offline and
on a CPU in seconds. Run it: `python examples/trl_grpo.py`.
"""

from __future__ import annotations

import sys
import tempfile

from datasets import Dataset
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast, set_seed
from trl import GRPOConfig, GRPOTrainer
from trl.rewards import accuracy_reward

from freshbits.integrations.trl import FreshbitsCallback, metered

SYMBOLS = "0123456789+=? abcdefghijklmnopqrstuvwxyzWABCI\\{}."


def reward_num_unique_letters(completions: list[list[dict[str, str]]], **_: object) -> list[float]:
    """Rewards completions with more unique letters (TRL's own dummy reward)."""
    contents = [completion[0]["content"] for completion in completions]
    return [float(len(set(content))) for content in contents]


def sums(count: int = 40) -> Dataset:
    """Returns questions in conversational form with their solutions."""
    return Dataset.from_list(
        [
            {"prompt": [{"role": "user", "content": f"What is {i}+{i % 7}?"}], "solution": f"${i + i % 7}$"}
            for i in range(count)
        ]
    )


def tiny() -> tuple[LlamaForCausalLM, PreTrainedTokenizerFast]:
    """Returns an untrained network of a few thousand weights, and its tokenizer of single characters."""
    vocabulary = {"<pad>": 0, "<bos>": 1, "<eos>": 2, "<unk>": 3, **{c: i + 4 for i, c in enumerate(SYMBOLS)}}
    table = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    table.pre_tokenizer = pre_tokenizers.Split(Regex("."), behavior="isolated")
    table.decoder = decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=table,
        pad_token="<pad>",
        bos_token="<bos>",
        eos_token="<eos>",
        unk_token="<unk>",
        padding_side="left",
        chat_template="{% for m in messages %}{{ m['content'] }} {% endfor %}",
    )
    set_seed(0)
    shape = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(vocabulary), num_key_value_heads=2, bos_token_id=1, eos_token_id=2, pad_token_id=0, **shape
        )
    ), tokenizer


def train(folder: str, *, meter: bool = True, steps: int = 3) -> GRPOTrainer:
    """Trains by the quickstart and returns the trainer with its logs."""
    model, tokenizer = tiny()
    rewards = [accuracy_reward, reward_num_unique_letters]
    if meter:
        rewards = metered(rewards)  # the one line
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=rewards,
        callbacks=[FreshbitsCallback()] if meter else None,  # optional: the numbers in a file of their own, too
        train_dataset=sums(),
        processing_class=tokenizer,
        args=GRPOConfig(
            output_dir=folder,
            per_device_train_batch_size=96,
            num_generations=8,
            max_completion_length=8,
            max_steps=steps,
            learning_rate=1e-3,
            logging_steps=1,
            use_cpu=True,
            bf16=False,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
        ),
    )
    trainer.train()
    return trainer


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        log = train(place).state.log_history
    for number, step in enumerate(log, start=1):
        shown = {name: round(value, 3) for name, value in step.items() if name.startswith(("info/", "hack/"))}
        if shown:
            sys.stdout.write(f"step {number}: {shown}\n")
