"""The wrapper around a verl reward function, called as verl's reward managers call one."""

from __future__ import annotations

import asyncio
import inspect
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from freshbits.integrations.verl import metered

if TYPE_CHECKING:
    from pathlib import Path


def compute_score(data_source: str, solution_str: str, ground_truth: str, extra_info: dict | None = None) -> float:
    return float(solution_str == ground_truth)


def rows(prompts: int, n: int = 8, split: str = "train") -> list[dict[str, Any]]:
    """Half of each prompt's rollouts are right; the order is the reward manager's."""
    return [
        {
            "data_source": "sums",
            "solution_str": str(q if i < n / 2 else -i),
            "ground_truth": str(q),
            "extra_info": {"index": q, "split": split},
        }
        for q in range(prompts)
        for i in range(n)
    ]


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_one_call_per_rollout_gives_the_same_scores_and_a_line_per_batch(tmp_path: Path):
    reward = metered(compute_score, path=tmp_path / "log.jsonl", rows=128)
    assert inspect.signature(reward) == inspect.signature(compute_score)
    assert [reward(**row) for row in rows(40)] == [compute_score(**row) for row in rows(40)]
    found = lines(tmp_path / "log.jsonl")
    assert [line["rollouts"] for line in found] == [128, 128]
    assert found[0]["info/dead_groups"] == 0.0
    assert found[0]["info/contrast_bits"] > 0.95


def test_positional_arguments_and_further_ones_are_understood():
    def scored(data_source: str, solution_str: str, ground_truth: str, extra_info: Any = None, **kwargs: Any) -> float:
        return kwargs["worth"] * float(solution_str == ground_truth)

    reward = metered(scored, rows=80)
    for row in rows(10):
        reward(*row.values(), worth=1.0, reward_router_address="here")
    assert reward.meter.stopped is None
    assert reward.meter.window.latest["info/contrast_bits"] > 0.9


def test_dicts_come_back_as_they_are_and_their_numbers_are_components():
    def detailed(data_source: str, solution_str: str, ground_truth: str, extra_info: Any = None) -> dict[str, Any]:
        right = solution_str == ground_truth
        return {"score": 2.0 * right - 1, "acc": right, "pred": solution_str, "short": 1}

    reward = metered(detailed, rows=96)
    found = [reward(**row) for row in rows(12)]
    assert found == [detailed(**row) for row in rows(12)]
    latest = reward.meter.window.latest
    assert latest["info/components/acc"] == pytest.approx(latest["info/contrast_bits"])
    assert latest["info/components/short"] == 0.0
    assert "info/components/pred" not in latest


def test_a_whole_batch_at_once():
    def batched(data_sources: list, solution_strs: list, ground_truths: list, extra_infos: list) -> list[float]:
        return [float(one == two) for one, two in zip(solution_strs, ground_truths, strict=True)]

    reward = metered(batched, rows=96)
    plural = {f"{name}s": [row[name] for row in rows(12)] for name in rows(1)[0]}
    assert reward(**plural) == batched(**plural)
    assert reward.meter.window.latest["info/dead_groups"] == 0.0


def test_async_functions_stay_async():
    async def later(data_source: str, solution_str: str, ground_truth: str, extra_info: Any = None) -> float:
        await asyncio.sleep(0)
        return float(solution_str == ground_truth)

    async def all_at_once(reward: Any) -> list[float]:
        return await asyncio.gather(*(reward(**row) for row in rows(12)))

    reward = metered(later, rows=96)
    assert inspect.iscoroutinefunction(reward)
    assert asyncio.run(all_at_once(reward)) == [compute_score(**row) for row in rows(12)]
    assert reward.meter.window.latest["info/contrast_bits"] > 0.9


def test_threads_and_any_order_lose_no_row():
    reward = metered(compute_score, rows=100)
    shuffled = [rows(60)[i] for i in np.random.default_rng(0).permutation(480)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda row: reward(**row), shuffled))
    assert found == [compute_score(**row) for row in shuffled]
    assert reward.meter.stopped is None
    measured = sum(batch.group.size for batch in reward.meter.window._held)
    assert measured + len(reward.meter._held) == 480


def test_a_group_that_is_cut_waits_for_the_rest_of_itself():
    reward = metered(compute_score, rows=100)  # twelve groups of eight and half of the next
    for row in rows(26):
        reward(**row)
    first, second = list(reward.meter.window._held)
    assert (first.group.size, second.group.size) == (96, 96)
    assert np.unique(second.group, return_counts=True)[1].tolist() == [8] * 12


def test_validation_rows_are_not_measured():
    reward = metered(compute_score, rows=80)
    for row in rows(20, split="test"):
        reward(**row)
    assert reward.meter.window.batches == 0


def test_a_fault_of_the_meter_ends_the_metering_and_nothing_else():
    reward = metered(lambda data_source, solution_str, ground_truth: "very good")
    with pytest.warns(RuntimeWarning, match="stopped metering"):
        assert reward("sums", "4", "4") == "very good"
    assert reward("sums", "4", "4") == "very good"
