"""TRL's own trainer with an allocator: rows are laid out as TRL lays them out, and verdicts come back."""

from __future__ import annotations

import asyncio
import importlib.util
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from freshbits.errors import InputError
from freshbits.integrations.allocating import Sampler, allocating, observed, prompt_rows
from freshbits.remedies.allocator import Allocator

if TYPE_CHECKING:
    from types import ModuleType

pytest.importorskip("trl", reason="the extra [loop] is not installed")

pytestmark = [
    # transformers' own: it reads its deprecated attribute itself
    pytest.mark.filterwarnings("ignore:.*gradient_checkpointing.*:FutureWarning"),
    # torch's own, on machines without a GPU
    pytest.mark.filterwarnings("ignore:.*pin_memory.*:UserWarning"),
]


@pytest.fixture(scope="module")
def example() -> ModuleType:
    path = Path(__file__).parents[2] / "examples" / "trl_grpo.py"
    spec = importlib.util.spec_from_file_location("trl_grpo", path)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        spec.loader.exec_module(module)
    return module


def test_rows_are_laid_out_as_trls_sampler_lays_them_out():
    from trl.trainer.utils import RepeatSampler

    theirs = RepeatSampler(range(6), mini_repeat_count=4, batch_size=3, repeat_count=2, shuffle=False)
    own = Sampler(Allocator([f"p{n}" for n in range(6)]), range(6), prompts=3, generations=4, uses=2, length=6)
    drawn, expected = list(own), list(theirs)
    assert len(drawn) == len(expected) == len(own) == len(theirs)
    for at in range(0, len(drawn), 24):
        new = dict(zip(expected[at : at + 24], drawn[at : at + 24], strict=True))
        assert [new[row] for row in expected[at : at + 24]] == drawn[at : at + 24]
        assert len(set(new.values())) == 3


def test_an_allocator_is_asked_when_a_batch_begins_and_not_before():
    allocator = Allocator(["a", "b", "c", "d"], seed=1, sharpness=np.inf)
    drawn = iter(Sampler(allocator, range(4), prompts=2, generations=1, uses=1, length=4))
    first = [next(drawn), next(drawn)]
    for row in first:
        allocator.observe(row, 8, 8)
    assert set(first).isdisjoint([next(drawn), next(drawn)])


def test_a_batch_larger_than_the_pool_is_refused():
    with pytest.raises(InputError, match="a batch has 3 prompts and the pool 2"):
        Sampler(Allocator(["a", "b"]), [0, 1], prompts=3, generations=1, uses=1, length=2)


def test_rows_of_a_pool_are_the_first_that_hold_its_prompts():
    allocator = Allocator(["b", "c"])
    assert prompt_rows({"prompt": ["a", "b", "c", "b"]} | {}, allocator) == [1, 2]
    with pytest.raises(InputError, match="1 prompts of the pool are not in the data set, such as 'c'"):
        prompt_rows({"prompt": ["a", "b"]}, allocator)
    with pytest.raises(InputError, match="streamed"):
        prompt_rows(iter(()), allocator)


def test_values_go_through_untouched_and_unscored_ones_are_not_counted():
    allocator = Allocator(["a", "b"])
    values = [1.0, None, 0.0, float("nan"), 0.9]

    def right(prompts: list[str], completions: list[str], **_: Any) -> list[float | None]:
        """Says what is right."""
        return values

    async def later(prompts: list[str], completions: list[str], **_: Any) -> list[float | None]:
        return values

    wrapped = observed(right, allocator)
    given = {"prompts": ["a", "a", "a", "b", "elsewhere"], "completions": [""] * 5}
    assert wrapped(**given) is values
    assert (wrapped.__name__, wrapped.__doc__) == ("right", "Says what is right.")
    assert asyncio.run(observed(later, allocator)(**given)) is values
    allocator.suggest(1, moved=False)
    assert allocator.belief.rollouts.tolist() == pytest.approx([4.0, 0.0])
    assert allocator.belief.successes.tolist() == pytest.approx([2.0, 0.0])


def test_evaluations_are_passed_over():
    class Trainer:
        class model:  # noqa: N801
            training = False

        def log_metric(self, name: str, value: float) -> None: ...

    allocator = Allocator(["a"])
    observed(lambda prompts, **_: [1.0] * len(prompts), allocator)(
        prompts=["a"] * 4, completions=[""] * 4, log_metric=Trainer().log_metric
    )
    allocator.suggest(1)
    assert allocator.belief.rollouts.tolist() == [0.0]


def test_processes_tell_each_other(monkeypatch: pytest.MonkeyPatch):
    import accelerate.utils

    class Trainer:
        class accelerator:  # noqa: N801
            num_processes = 2

        def log_metric(self, name: str, value: float) -> None: ...

    monkeypatch.setattr(accelerate.utils, "gather_object", lambda told: [*told, [1, 3.0, 4.0]])
    allocator = Allocator(["a", "b"])
    observed(lambda prompts, **_: [1.0] * len(prompts), allocator)(
        prompts=["a"] * 4, completions=[""] * 4, log_metric=Trainer().log_metric
    )
    allocator.suggest(1, moved=False)
    assert allocator.belief.successes.tolist() == pytest.approx([4.0, 3.0])


def test_trls_trainer_asks_the_allocator_and_tells_it(example: ModuleType, tmp_path: Path):
    from trl import GRPOConfig, GRPOTrainer

    from freshbits.integrations.allocating import Saved

    model, tokenizer = example.tiny()
    dataset = example.sums()
    allocator = Allocator(dataset, samples=4, seed=5)
    seen: Counter[str] = Counter()

    def known(prompts: list[Any], completions: list[Any], **_: Any) -> list[float]:
        """Accepts half of the rollouts of every fourth prompt, none of the others."""
        asked = [prompt[0]["content"] for prompt in prompts]
        seen.update(asked)
        mixed = [int(text.split()[2].split("+")[0]) % 4 == 0 for text in asked]
        return [float(each and at % 2) for at, each in enumerate(mixed)]

    trainer = allocating(GRPOTrainer, allocator)(
        model=model,
        reward_funcs=observed(known, allocator),
        callbacks=[Saved(allocator)],
        train_dataset=dataset,
        processing_class=tokenizer,
        args=GRPOConfig(
            output_dir=str(tmp_path), per_device_train_batch_size=32, num_generations=4, max_completion_length=4,
            max_steps=12, save_steps=12, report_to="none", use_cpu=True, logging_steps=1, num_iterations=1,
        ),
    )  # fmt: skip
    assert type(trainer).__name__ == "AllocatingGRPOTrainer"
    trainer.train()
    assert sum(seen.values()) == 12 * 32
    assert all(count % 4 == 0 for count in seen.values())
    # A quarter of the prompts are mixed; the later batches hold more of them.
    total = sum(count for text, count in seen.items() if int(text.split()[2].split("+")[0]) % 4 == 0)
    assert total / sum(seen.values()) > 0.3
    allocator.suggest(1)
    assert allocator.belief.rollouts.sum() > 100
    other = Allocator(dataset, samples=4, seed=5)
    other.restore(tmp_path / "checkpoint-12" / "allocator.npz")
    assert len(other) == 40
