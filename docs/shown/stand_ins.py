"""Makes what the documents speak of and a reader has: logs as trainers leave them, drawn from worlds, and a trainer.

A page asks with `<!-- files: trl=runs made=set.jsonl -->`: left the maker's name, right what is to be
made. `filled=FILE` fills in labels that the page has drawn.
"""

from __future__ import annotations

import functools
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import polars as pl

from shown import sets, tables
from shown.blocks import ROOT, PageError
from shown.settings import fields
from shown.tables import demo

if TYPE_CHECKING:
    from collections.abc import Iterator


def make(asked: str, folder: Path) -> None:
    """Puts stand-ins into a folder, each made once and copied."""
    for word in asked.split():
        maker, _, name = word.partition("=")
        if maker == "filled":
            tables.fill(folder / name)
            continue
        if maker not in MAKERS:
            raise PageError(f"no stand-in is called {maker!r}; there are {sorted(MAKERS)}")
        made = _made(maker, Path(name).suffix)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if made.is_dir():
            shutil.copytree(made, folder / name, dirs_exist_ok=True)
        else:
            shutil.copy(made, folder / name)


@functools.cache
def _made(maker: str, ending: str) -> Path:
    place = _home() / f"{maker}{ending}"
    MAKERS[maker](place)
    return place


@functools.cache
def _home() -> Path:
    return Path(_kept().name)


@functools.cache
def _kept() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="stand-ins-")


@functools.cache
def loop() -> pl.DataFrame:
    """The first rounds of the demo: enough for a page that shows how a format is read."""
    return demo().filter(pl.col("round") < 3)


def trl(place: Path) -> None:
    """A run of TRL with `log_completions=True`, the reference answer logged."""
    from freshbits.worlds.write import write_trl

    write_trl(loop(), place, log_extra=["answer"])


def verl(place: Path) -> None:
    """`rollout_data_dir` of verl's first trainer, whose reward function returned its parts."""
    from freshbits.worlds.write import write_verl_v0

    write_verl_v0(loop(), place, {"accuracy_reward": 1.0, "format_reward": 0.2})


def verl_v1(place: Path) -> None:
    """The same by the newer trainer, which logs the total alone."""
    from freshbits.worlds.write import write_verl_v1

    write_verl_v1(loop(), place, {"accuracy_reward": 1.0, "format_reward": 0.2})


def prime(place: Path) -> None:
    """The rollouts of prime-rl: all of them, and those that were trained on."""
    from freshbits.worlds.write_traces import write_prime

    write_prime(loop(), place, {"accuracy_reward": 1.0, "format_reward": 0.2})


def nemo(place: Path) -> None:
    """NeMo RL's `train_data_step{N}.jsonl`: lists of one, the mask and log-probabilities padded."""
    from freshbits.worlds.write import write_lines

    for round, rows in enumerate(loop().partition_by("round", maintain_order=True)):
        lines = [
            {
                "content": [[{"role": "user", "content": prompt}, {"role": "assistant", "content": completion}]],
                "rewards": [reward],
                "input_lengths": [6],
                "token_ids": [[1, 2, 3, 4, 5, 6, 0, 0]],
                "token_loss_mask": [[0, 0, 0, 1, 1, 1, 0, 0]],
                "sample_loss_mask": [1.0],
                "generation_logprobs": [[0.0, 0.0, 0.0, -0.5, -0.2, -0.1, 0.0, 0.0]],
                "idx": [at],
            }
            for at, (prompt, completion, reward) in enumerate(
                rows.select("prompt", "completion", "signal.accuracy_reward").iter_rows()
            )
        ]
        write_lines(place / f"train_data_step{round + 1}.jsonl", lines)


def short(place: Path) -> None:
    """The loops of examples/loops, one round of each with few samples: a command on them takes seconds."""
    import yaml

    place.mkdir()
    for file in sorted((ROOT / "examples" / "loops").glob("*.yaml")):
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        if file.name in ("rft.yaml", "guess.yaml"):
            data["train"] |= {"rounds": 2, "prompts": 16}
            data["meter"] = {"samples": 8}
        (place / file.name).write_text(yaml.safe_dump(data), encoding="utf-8")


def fixture(name: str) -> Any:
    """Returns a maker that copies a log of the tests, written by its real producer or as that does."""

    def copy(place: Path) -> None:
        shutil.copytree(ROOT / "tests" / "fixtures" / "rollouts" / name, place)

    return copy


MAKERS = {
    "trl": trl,
    "verl": verl,
    "verl_v1": verl_v1,
    "prime": prime,
    "nemo": nemo,
    "lm_eval": fixture("lm_eval"),
    "inspect": fixture("inspect/whole"),
    "table": tables.table,
    "scores": tables.scores,
    "judgments": tables.judgments,
    "prompts": tables.prompts,
    "truthful": tables.truthful,
    "messages": tables.messages,
    "pool": tables.pool,
    "made": sets.made,
    "everything": sets.everything,
    "kept": sets.kept,
    "pairs": sets.pairs,
    "designer": sets.designer,
    "short": short,
    "distilabel": fixture("distilabel/same"),
}


class _Trainer:
    """Stands in for GRPOTrainer: calls every reward once, as TRL does, and refuses settings that TRL does not have."""

    def __init__(self, *, reward_funcs: Any, **_: Any) -> None:
        completions = ["4", "5", "\\boxed{4}", ""] * 8
        asked = {"prompts": [f"{i // 8}+2=" for i in range(32)], "completions": completions, "solution": ["4"] * 32}
        for reward in reward_funcs if isinstance(reward_funcs, list) else [reward_funcs]:
            scores = reward(**asked, trainer_state=None, log_extra=lambda *_: None, log_metric=lambda *_: None)
            assert len(scores) == len(completions)

    def train(self) -> None:
        """Does nothing."""


def _settings(**given: Any) -> dict[str, Any]:
    if unknown := sorted(set(given) - fields("trl")):
        raise PageError(f"TRL's GRPOConfig has no {unknown[0]}")
    return given


def _reward(completions: list[str], **_: Any) -> list[float]:
    return [float("4" in str(completion)) for completion in completions]


@contextmanager
def trainers() -> Iterator[dict[str, Any]]:
    """Gives names that a snippet for a trainer speaks of; while it lasts `import trl` finds the stand-in."""
    module, rewards = ModuleType("trl"), ModuleType("trl.rewards")
    classes = {"GRPOTrainer": _Trainer, "RLOOTrainer": _Trainer, "GRPOConfig": _settings}
    functions = {name: _named(name) for name in ("accuracy_reward", "format_reward", "think_format_reward")}
    vars(module).update(classes)
    vars(rewards).update(functions)
    with patch.dict(sys.modules, {"trl": module, "trl.rewards": rewards}):
        yield {**classes, **functions, "__name__": "snippet", "model": "student", "dataset": [{"prompt": "2+2="}]}


def _named(name: str) -> Any:
    def reward(completions: list[str], **more: Any) -> list[float]:
        return _reward(completions, **more)

    reward.__name__ = name
    return reward
