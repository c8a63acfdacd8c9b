"""TRL's own trainer with one line added: the run is the same to the last bit, and its log says what rewards carry."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from types import ModuleType

pytest.importorskip("trl", reason="the extra [loop] is not installed")

pytestmark = [
    # transformers' own: it reads its deprecated attribute itself
    pytest.mark.filterwarnings("ignore:.*gradient_checkpointing.*:FutureWarning"),
    # torch's own, on machines without a GPU
    pytest.mark.filterwarnings("ignore:.*pin_memory.*:UserWarning"),
]
SAME = ("loss", "grad_norm", "reward", "reward_std", "completions/mean_length")


@pytest.fixture(scope="module")
def example() -> ModuleType:
    path = Path(__file__).parents[2] / "examples" / "trl_grpo.py"
    spec = importlib.util.spec_from_file_location("trl_grpo", path)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        spec.loader.exec_module(module)
    return module


def steps(trainer: Any) -> list[dict[str, float]]:
    return [entry for entry in trainer.state.log_history if "loss" in entry]


def test_one_added_line_changes_nothing_and_logs_what_rewards_carry(example: ModuleType, tmp_path: Path):
    import torch

    with_it, without = (example.train(str(tmp_path / str(meter)), meter=meter) for meter in (True, False))
    for one, two in zip(steps(with_it), steps(without), strict=True):
        assert {name: one[name] for name in SAME} == {name: two[name] for name in SAME}
        assert not any(name.startswith(("info/", "hack/")) for name in two)
    for (name, one), two in zip(with_it.model.state_dict().items(), without.model.state_dict().values(), strict=True):
        assert torch.equal(one, two), name
    kept = [json.loads(line) for line in (tmp_path / "True" / "freshbits.jsonl").read_text().splitlines()]
    for entry, line in zip(steps(with_it), kept, strict=True):
        assert line == {
            name: value for name, value in entry.items() if name == "step" or name.startswith(("info/", "hack/"))
        }
        assert entry["info/dead_groups"] == pytest.approx(entry["frac_reward_zero_std"])
        assert entry["info/components/accuracy_reward"] == 0.0  # an untrained network is never right
        assert entry["info/contrast_bits"] == entry["info/components/reward_num_unique_letters"] > 1.0
        assert "rewards/accuracy_reward/mean" in entry  # the names are the functions' own


def test_async_functions_and_reward_models_run_beside_each_other(example: ModuleType, tmp_path: Path):
    import torch
    from transformers import LlamaConfig, LlamaForSequenceClassification
    from trl import GRPOConfig, GRPOTrainer

    from freshbits.integrations.trl import metered

    async def shorter(completions: list, **_: Any) -> list[float | None]:
        return [None if i % 8 == 7 else float(len(each[0]["content"]) < 8) for i, each in enumerate(completions)]

    model, tokenizer = example.tiny()
    judge = LlamaForSequenceClassification(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=8,
            intermediate_size=8,
            num_hidden_layers=1,
            num_attention_heads=1,
            num_labels=1,
            pad_token_id=0,
        )
    )
    judge.config._name_or_path = "a/judge"
    rewards = metered([shorter, judge, example.reward_num_unique_letters])
    assert rewards[1] is judge
    assert isinstance(rewards[1], torch.nn.Module)
    trainer = GRPOTrainer(
        model=model,
        reward_funcs=rewards,
        reward_processing_classes=[None, tokenizer, None],
        train_dataset=example.sums(),
        processing_class=tokenizer,
        args=GRPOConfig(
            output_dir=str(tmp_path),
            per_device_train_batch_size=96,
            num_generations=8,
            max_completion_length=8,
            max_steps=1,
            logging_steps=1,
            use_cpu=True,
            bf16=False,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
        ),
    )
    trainer.train()
    (entry,) = steps(trainer)
    assert {"rewards/shorter/mean", "rewards/judge/mean"} <= set(entry)
    assert {"info/components/shorter", "info/components/reward_num_unique_letters"} <= set(entry)
    assert "info/contrast_bits" not in entry  # the judge's scores are not seen, so no total
    assert rewards[0].meter.stopped is None
