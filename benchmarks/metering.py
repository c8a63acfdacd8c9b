"""Measures what metering costs: the wrapper around a trainer's rewards per step, and the meter of a loop per round.

    python -m benchmarks.metering             (two to three minutes; --quick: the wrapper and the meter only)

CPU seconds of this process with one thread: on a busy machine they tell more than a clock. All in one process, so that
the shares compare like with like.

    wrapper    `metered` rewards called with 512 completions, as TRL calls them; against a step of two seconds
    round      `meter_round` on rounds of 640 and 5,120 rollouts
    trainer    TRL's GRPOTrainer on a network of 130,000 weights, 512 completions a step, with the wrapper and without,
               in turn; `round` against what the trainer needs for as many rollouts
    loop       `freshbits run` of a loop of sums, 80 prompts and 8 samples a round: what of its time the meter takes
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("POLARS_MAX_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import polars as pl

from freshbits.integrations.trl import metered
from freshbits.loop.meter import meter_round
from freshbits.worlds.demo import SEED, demo_world

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = 2.0  # seconds; the shortest step that a person would look at
BATCH, GROUP, CALLS = 512, 8, 60
TRIES = 3  # of each figure the quietest try counts: neighbours on the machine only ever add
BARS = {"wrapper_share_of_2s_step": 0.01, "round_share_of_run": 0.05}


def main() -> None:
    """Measures, prints and writes the figures and a table of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="leave the trainer out")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results")
    options = parser.parse_args()
    figures: dict[str, Any] = {"cores": os.cpu_count(), "polars": pl.__version__, "bars": BARS}
    figures["first_call_cpu_ms"] = wrapper(1, 1, calls=11)["cpu_ms_first"]
    figures["wrapper"] = [
        min((wrapper(rewards, repeat) for _ in range(TRIES)), key=lambda found: found["cpu_ms_mean"])
        for rewards in (1, 2, 4)
        for repeat in (1, 10)
    ]
    figures["round"] = [
        min((one_round(rows) for _ in range(TRIES)), key=lambda found: found["cpu_ms"]) for rows in (640, 5120)
    ]
    if not options.quick:
        figures["trainer"] = trainer()
        second = figures["trainer"]["cpu_s_per_step_without"] / BATCH
        for entry in figures["round"]:
            entry["share_of_trainer"] = round(entry["cpu_ms"] / 1e3 / (second * entry["rollouts"]), 4)
        figures["loop"] = [loop(method, rounds=8) for method in ("rft", "grpo")]
    text = json.dumps(figures, indent=2) + "\n"
    print(text)
    if not options.quick:
        _write(options.out / "metering.json", text)
        _write(options.out / "metering.md", table(figures))


def wrapper(rewards: int, repeat: int, calls: int = CALLS) -> dict[str, Any]:
    """Measures one batch of 512 completions: every reward function's wrapper, logging included."""
    log = demo_world().log(SEED, 12).head(7 * BATCH)
    verdicts = [log["signal.accuracy_reward"].to_list(), log["signal.format_reward"].to_list()]
    texts = [text * repeat for text in log["completion"].to_list()]
    asked = log["prompt"].to_list()

    def answers(name: int) -> Callable[..., Any]:
        def reward(completions: list[str], at: int, **_: Any) -> list[float]:
            return [float(x) for x in verdicts[name % 2][at : at + len(completions)]]

        reward.__name__ = f"reward_{name}"
        return reward

    bare = [answers(name) for name in range(rewards)]
    funcs = metered(bare)
    logged: dict[str, float] = {}
    with_it: list[float] = []
    without: list[float] = []
    for call in range(calls):
        at = call % 7 * BATCH
        arguments = {
            "prompts": asked[at : at + BATCH],
            "completions": texts[at : at + BATCH],
            "completion_ids": None,
            "at": at,
            "log_metric": logged.__setitem__,
        }
        for each, times in ((funcs, with_it), (bare, without)):
            start = time.process_time()
            for func in each:
                func(**arguments)
            times.append(time.process_time() - start)
    if funcs[0].meter.stopped:
        raise RuntimeError(funcs[0].meter.stopped)
    cost = np.array(with_it[10:]) - np.array(without[10:])
    return {
        "rewards": rewards,
        "characters": round(statistics.mean(map(len, texts))),
        "metrics": len(logged),
        "cpu_ms_mean": round(1e3 * float(cost.mean()), 1),
        "cpu_ms_p95": round(1e3 * float(np.quantile(cost, 0.95)), 1),
        "cpu_ms_first": round(1e3 * with_it[0], 1),
        "share_of_2s_step": round(float(cost.mean()) / STEP, 4),
    }


def one_round(rollouts: int) -> dict[str, Any]:
    """Measures `meter_round` on one round with one signal and truth."""
    rows = demo_world().log(SEED, 16).head(rollouts).with_columns(group=pl.format("{}-{}", "round", "prompt_id"))
    rows = rows.with_columns(round=pl.lit(0, pl.Int64)).drop("signal.format_reward")
    meter_round(rows)
    times = []
    for _ in range(20):
        start = time.process_time()
        meter_round(rows)
        times.append(time.process_time() - start)
    return {"rollouts": rollouts, "groups": rollouts // GROUP, "cpu_ms": round(1e3 * statistics.mean(times), 1)}


def trainer(pairs: int = 3, steps: int = 10) -> dict[str, Any]:
    """Trains the same network from the same seed with the wrapper and without, in turn; CPU seconds per step."""
    import torch

    torch.set_num_threads(1)
    times: dict[bool, list[float]] = {True: [], False: []}
    losses: dict[bool, list[float]] = {True: [], False: []}
    inside: list[float] = []
    weights = 0
    for _ in range(pairs):
        for meter in (False, True):
            found, loss, spent, weights = _train(steps, meter=meter)
            times[meter] += found
            losses[meter] += loss
            inside += spent
    quiet = {meter: float(np.quantile(found, 0.25)) for meter, found in times.items()}
    return {
        "weights": weights,
        "steps": pairs * (steps - 2),
        "cpu_s_per_step_without": round(quiet[False], 4),
        "cpu_s_per_step_with": round(quiet[True], 4),
        "difference": round(quiet[True] / quiet[False] - 1, 4),
        "share": round(sum(inside) / sum(times[True]), 4),
        "same_losses": losses[True] == losses[False],
    }


def _train(steps: int, *, meter: bool) -> tuple[list[float], list[float], list[float], int]:
    from datasets import Dataset
    from transformers import PrinterCallback, TrainerCallback, set_seed
    from trl.trainer.grpo_config import GRPOConfig
    from trl.trainer.grpo_trainer import GRPOTrainer

    from freshbits.loop.model.tiny import new_model, new_tokenizer

    set_seed(0)
    model = new_model()
    at: list[float] = []

    class Clock(TrainerCallback):
        def on_step_end(self, *_: Any, **__: Any) -> None:
            at.append(time.process_time())

    def holds_a_one(completions: list[str], **_: Any) -> list[float | None]:
        return [float("1" in text) for text in completions]

    rewards: Any = metered(holds_a_one) if meter else holds_a_one
    inside: list[float] = []
    if meter:
        take = rewards.meter.take

        def timed(*arguments: Any) -> None:
            start = time.process_time()
            take(*arguments)
            inside.append(time.process_time() - start)

        rewards.meter.take = timed
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        run = GRPOTrainer(
            model=model,
            processing_class=new_tokenizer(),
            reward_funcs=rewards,
            train_dataset=Dataset.from_list([{"prompt": f"{n:02d}="} for n in range(100)]),
            callbacks=[Clock()],
            args=GRPOConfig(
                output_dir=folder,
                per_device_train_batch_size=BATCH,
                num_generations=GROUP,
                max_completion_length=16,
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
        run.remove_callback(PrinterCallback)
        run.train()
    # The first two steps load and compile; they are left out.
    losses = [entry["loss"] for entry in run.state.log_history if "loss" in entry]
    return np.diff(at)[1:].tolist(), losses, inside[2:], sum(each.numel() for each in model.parameters())


def loop(method: str, rounds: int) -> dict[str, Any]:
    """Runs a whole loop and times the meter inside it; what is measured on held-out prompts is counted apart."""
    from unittest.mock import patch

    from freshbits.loop.declare import Loop
    from freshbits.loop.evaluation import exact
    from freshbits.loop.run import run

    declared = Loop.model_validate(
        {
            "name": method,
            "task": {"environment": "sums", "seed": 1},
            "model": {"config": "tiny"},
            "signal": {"verifier": "exact"},
            "train": {"method": method, "prompts": 80, "samples": 8, "rounds": rounds},
        }
    )
    spent: dict[str, list[float]] = {"meter": [], "evaluation": []}

    def timed(function: Any, name: str) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            start = time.process_time()
            found = function(*arguments, **options)
            spent[name].append(time.process_time() - start)
            return found

        return call

    with (
        patch("freshbits.loop.rounding.meter_round", timed(meter_round, "meter")),
        patch("freshbits.loop.rounding.exact", timed(exact, "evaluation")),
        tempfile.TemporaryDirectory() as folder,
    ):
        start = time.process_time()
        run(declared, Path(folder) / "run")
        whole = time.process_time() - start
    rest = whole - sum(spent["meter"])
    return {
        "method": method,
        "rounds": rounds,
        "rollouts": 640,
        "cpu_s": round(whole, 2),
        "cpu_s_evaluation": round(sum(spent["evaluation"]), 2),
        "cpu_ms_meter": round(1e3 * sum(spent["meter"]) / len(spent["meter"]), 1),
        "share": round(sum(spent["meter"]) / rest, 4),
    }


def table(figures: dict[str, Any]) -> str:
    """Renders the figures as Markdown."""
    found = figures["trainer"]
    lines = [
        "# What metering costs",
        "",
        "CPU time with one thread; `python -m benchmarks.metering`.",
        "",
        "## The wrapper around TRL's rewards, 512 completions a step",
        "",
        "| reward functions | characters each | ms a step, mean | p95 | share of a 2 s step |",
        "| ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {e['rewards']} | {e['characters']:,} | {e['cpu_ms_mean']} | {e['cpu_ms_p95']} "
            f"| {e['share_of_2s_step']:.2%} |"
            for e in figures["wrapper"]
        ),
        "",
        f"The very first call takes {figures['first_call_cpu_ms']:.0f} ms: it loads libraries. The bar is 1 % of a "
        "step of two seconds.",
        "",
        f"## The same TRL script with and without it, {found['weights']:,} weights, 512 completions a step",
        "",
        f"{found['share']:.1%} of the run's time is spent in the wrapper. Steps take "
        f"{found['cpu_s_per_step_without']:.3f} s without it and {found['cpu_s_per_step_with']:.3f} s with it, "
        f"{found['difference']:+.1%} (lower quartiles of {found['steps']} steps "
        "each, in turn; steps of one run differ by more than that). "
        f"The losses are {'the same to the last bit' if found['same_losses'] else 'DIFFERENT'}.",
        "",
        "## The meter of a loop",
        "",
        "| rollouts | groups | ms a round | share of the trainer's time for as many |",
        "| ---: | ---: | ---: | ---: |",
        *(
            f"| {e['rollouts']:,} | {e['groups']:,} | {e['cpu_ms']} | {e['share_of_trainer']:.1%} |"
            for e in figures["round"]
        ),
        "",
        "Whole loops of `freshbits run`: sums, the network above, 640 rollouts a round; measuring prompts that are",
        "never trained on is part of a run.",
        "",
        "| method | rounds | s in all | of that measuring prompts | meter, ms a round | meter against the rest |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {e['method']} | {e['rounds']} | {e['cpu_s']} | {e['cpu_s_evaluation']} | {e['cpu_ms_meter']} "
            f"| {e['share']:.1%} |"
            for e in figures["loop"]
        ),
        "",
        "The bar is 5 %. A larger network makes the share smaller in proportion.",
    ]
    return "\n".join(lines) + "\n"


def _write(path: Path, text: str) -> None:
    temporary = path.with_suffix(".tmp")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


if __name__ == "__main__":
    main()
