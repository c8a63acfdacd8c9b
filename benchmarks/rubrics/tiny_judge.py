"""A tiny chat model that has learned one thing: to answer a rubric's question in its form, with the right code.

It is made here, without a network: a Mistral of two layers over bytes, with a ChatML template. It looks 96 bytes back,
so it is trained on the ends of questions and answers whole ones; about one reply in three misses a bracket, so that it
has to be asked again. Its verdict depends on the code, so on the texts and the secret; it judges nothing. It stands in
for a judge behind a real server.

    python -m benchmarks.rubrics.tiny_judge DIR
"""

from __future__ import annotations

import argparse
import random
import string
from pathlib import Path
from typing import Any

import torch
from benchmarks.rubrics.chatml import tokenizer
from transformers import MistralConfig, MistralForCausalLM

from freshbits.signals.rubric.asking import question
from freshbits.signals.rubric.criteria import Criterion

CRITERION = Criterion("right", "Is the answer right?")
REPLY = '{{"code": "{code}", "reason": "So it is.", "verdicts": {{"right": "{verdict}"}}}}<|im_end|>'
LONGEST = 8192
STEPS = 450
TRAINED, BACK = 192, 96  # how far it looks back while it is trained, and afterwards


def make(folder: Path, seed: int = 0) -> float:
    """Trains the model and saves it; returns the share of questions that it answers in form."""
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    rng = random.Random(seed)
    words = tokenizer()
    config = MistralConfig(
        vocab_size=len(words), hidden_size=64, intermediate_size=128, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=4, sliding_window=TRAINED,
        max_position_embeddings=LONGEST, pad_token_id=0, eos_token_id=2, bos_token_id=None, tie_word_embeddings=False,
    )  # fmt: skip
    model: Any = MistralForCausalLM(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(STEPS):
        rows = [_example(rng, whole=False) for _ in range(24)]
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * (1 - step / STEPS)
        loss = _loss(model, words, rows)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 100 == 0:
            print(f"step {step}: {loss.item():.4f}", flush=True)
    model.eval()
    model.generation_config.update(do_sample=False, eos_token_id=2, pad_token_id=0, max_new_tokens=120)
    model.config.sliding_window = BACK
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return sum(_answers(model, words, rng) for _ in range(20)) / 20


def _example(rng: random.Random, *, whole: bool) -> tuple[str, str]:
    text = "".join(rng.choices(string.ascii_letters + string.digits + " .,\n", k=rng.randint(5, 120)))
    asked = question(str(rng.random()), [CRITERION], text[: len(text) // 2], [text])
    shown = [("system", asked.system), ("user", asked.user)]
    prompt = (
        "".join(f"<|im_start|>{role}\n{content}<|im_end|>\n" for role, content in shown) + "<|im_start|>assistant\n"
    )
    verdict = "yes" if int(asked.code[0], 16) < 8 else "no"
    return prompt if whole else prompt[-rng.randint(70, 140) :], REPLY.format(code=asked.code, verdict=verdict)


def _loss(model: Any, words: Any, rows: list[tuple[str, str]]) -> Any:
    given = [words(prompt)["input_ids"] for prompt, _ in rows]
    wanted = [words(reply)["input_ids"] for _, reply in rows]
    longest = max(len(a) + len(b) for a, b in zip(given, wanted, strict=True))
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    labels = torch.full_like(ids, -100)
    mask = torch.zeros_like(ids)
    for row, (a, b) in enumerate(zip(given, wanted, strict=True)):
        ids[row, : len(a) + len(b)] = torch.tensor(a + b)
        labels[row, len(a) : len(a) + len(b)] = torch.tensor(b)
        mask[row, : len(a) + len(b)] = 1
    return model(input_ids=ids, attention_mask=mask, labels=labels).loss


def _answers(model: Any, words: Any, rng: random.Random) -> bool:
    prompt, reply = _example(rng, whole=True)
    ids = torch.tensor([words(prompt)["input_ids"]])
    found = model.generate(input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=120)
    return bool(words.decode(found[0, ids.shape[1] :]) == reply)


def main() -> None:
    """Makes the model."""
    parser = argparse.ArgumentParser(description="Makes a tiny chat model that answers rubrics in form.")
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    print(f"answers in form: {make(asked.folder):.2f}")


if __name__ == "__main__":
    main()
