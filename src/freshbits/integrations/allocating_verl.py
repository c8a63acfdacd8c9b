"""verl: an allocator as the sampler of the training data, told of the scores after every step.

In a file of one's own, say `sampler.py`:

    from freshbits.integrations.allocating_verl import curriculum

    Curriculum = curriculum()

and on verl's command line: `data.sampler.class_path=sampler.py data.sampler.class_name=Curriculum
data.dataloader_num_workers=0` (verl asks for that: workers would fetch batches before the scores are in). Written
against verl's documented interface, `AbstractCurriculumSampler`, whose `update(batch)` is called after every step.

A row of a batch is known by `extra_info.index` where the data set has distinct ones, else by its `raw_prompt`
(`data.return_raw_chat=True`). Rows that are known by neither are not counted.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.errors import InputError
from freshbits.remedies.allocation.rules import expected_deviation
from freshbits.remedies.allocator import IN_TURNS, Allocator
from freshbits.rollouts.messages import message_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from freshbits.remedies.allocation.rules import Rule


class Curriculum:
    """Yields row numbers of a data set, asking an allocator for every batch when it begins.

    Args:
        data_source: verl's data set: `dataframe` holds its rows.
        data_config: verl's `data` settings: `train_batch_size`, `prompt_key`, `seed`.

    Attributes:
        accept: score above which a rollout counts as accepted.
        sharpness: of the draw, as `Allocator`.
        rule: scores prompts, as `Allocator`; verl divides advantages by the group's deviation unless told not to
            (`algorithm.norm_adv_by_std_in_grpo`), so that is what the default is for.

    Raises:
        InputError: if a batch has more prompts than the data set.
    """

    accept: float = 0.5
    sharpness: float = IN_TURNS
    rule: Rule = staticmethod(expected_deviation)

    def __init__(self, data_source: Any, data_config: Any) -> None:
        rows = data_source.dataframe
        asked = rows[data_config.get("prompt_key", "prompt")]
        texts = [text if isinstance(text, str) else message_text(text) for text in asked]
        seed = data_config.get("seed", None)
        self.allocator = Allocator(texts, sharpness=self.sharpness, rule=self.rule, seed=int(seed or 0))
        self.place = self.allocator.places(texts)
        self.row = np.full(len(self.allocator), -1, dtype=np.int64)
        self.row[self.place[::-1]] = np.arange(len(texts))[::-1]  # the first row of a prompt is written last
        self.batch = int(data_config.get("gen_batch_size", None) or data_config["train_batch_size"])
        if self.batch > len(self.allocator):
            raise InputError(f"a batch has {self.batch} prompts and the data set {len(self.allocator)} different ones")
        self.named = _names(rows)

    def __iter__(self) -> Iterator[int]:
        """Asks the allocator for every batch when it begins."""
        for _ in range(len(self) // self.batch):
            yield from self.row[self.allocator.suggest(self.batch)].tolist()

    def __len__(self) -> int:
        return max(len(self.place) // self.batch, 1) * self.batch

    def update(self, batch: Any, *_: Any) -> None:
        """Tells the allocator the scores of a step."""
        scores = np.asarray(batch.batch["token_level_scores"].sum(-1).tolist(), dtype=np.float64)
        told: dict[int, list[float]] = {}
        for place, score in zip(self._places(batch.non_tensor_batch, scores.size), scores.tolist(), strict=True):
            if place >= 0 and score == score:
                cell = told.setdefault(int(place), [0.0, 0.0])
                cell[0] += float(score > self.accept)
                cell[1] += 1
        for place, (passed, asked) in told.items():
            self.allocator.observe(place, passed, asked)

    def _places(self, columns: Any, size: int) -> Sequence[int]:
        if self.named and "index" in columns:
            return [
                int(self.place[self.named[str(name)]]) if str(name) in self.named else -1 for name in columns["index"]
            ]
        if "raw_prompt" in columns:
            texts = [text if isinstance(text, str) else message_text(list(text)) for text in columns["raw_prompt"]]
            return [int(place) for place in self.allocator.places(texts)]
        return [-1] * size


def curriculum(*, accept: float = 0.5, sharpness: float = IN_TURNS, rule: Rule = expected_deviation) -> type[Any]:
    """Returns the sampler's class, to be named in verl's settings.

    Args:
        accept: score above which a rollout counts as accepted.
        sharpness: prompts are drawn as their score to this power.
        rule: `expected_deviation`, E[√(p(1-p))], for advantages that are divided by the group's deviation; else
            `expected_variance`, both of `freshbits.remedies.allocation.rules`.

    Raises:
        InputError: if verl is not installed.
    """
    try:
        base: Any = import_module("verl.experimental.dataset.sampler").AbstractCurriculumSampler
    except (ImportError, AttributeError):
        raise InputError(
            "verl is not installed, or has no curriculum samplers", mend="install verl 0.5 or later"
        ) from None
    return type(
        "Curriculum", (Curriculum, base), {"accept": accept, "sharpness": sharpness, "rule": staticmethod(rule)}
    )


def _names(rows: Any) -> dict[str, int]:
    """Returns the row of each `extra_info.index`; nothing where they are missing or not distinct."""
    columns = getattr(rows, "column_names", None) or list(getattr(rows, "columns", []))
    if "extra_info" not in columns:
        return {}
    found: dict[str, int] = {}
    for at, told in enumerate(rows["extra_info"]):
        name = told.get("index") if isinstance(told, dict) else None
        if name is None or str(name) in found:
            return {}
        found[str(name)] = at
    return found
