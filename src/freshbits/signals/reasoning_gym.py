"""The signal `reasoning_gym`: the scorers that Reasoning Gym's data sets bring, on logged or regenerated entries."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from freshbits.errors import InputError
from freshbits.signals.options import key_of, known, number, one_of, require
from freshbits.signals.signal import Verdict
from freshbits.signals.stated import quoted
from freshbits.signals.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from freshbits.signals.signal import Item

_TAG = re.compile(r"<answer>\s?(.*?)\s?</answer>", re.DOTALL)


@dataclass(frozen=True)
class ReasoningGym:
    """Scores answers as the Reasoning Gym data set that a prompt comes from does: in [0, 1], often in between.

    The data set's name is an option, or stands in a column, or in the metadata's `source_dataset`. The entry that its
    scorer needs is taken from the row (prompt, reference answer, metadata as JSON or struct), or, where `size` is
    given, generated again by name, seed and config and found by its question. A scorer that asks for metadata which
    the row does not have leaves the row unscored. Scorers of decimal_arithmetic, polynomial_equations, puzzle24 and
    time_intervals depend on the config too, so give it where it was not the default.

    The answer is the content of the last <answer> tag, as the library reads it; where there is none, all of the
    completion (`read=whole`) or nothing (`read=tag`). Scorers run in a killable process, and those that evaluate
    answers as Python are guarded (`reasoning_gym_scorers` says how).

    What it does not know: many scorers give a share of the reward to a right answer inside a longer one
    (len(answer) / len(text)), to nearly right ones, and 0.01 to any; see what `harden` finds.

    Attributes:
        dataset: name of the data set; "" where it stands in a column.
        column: column of the data set's name. metadata: column of the entry's metadata.
        read: what counts where there is no tag: "whole" or "tag".
        size: number of entries to generate; 0 to use the rows' own.
        config: the data set's config, `seed` among it, as (key, JSON value) pairs.
        seconds: the longest that one score may take.

    >>> from freshbits.signals.signal import Item
    >>> gym = ReasoningGym("gcd", size=2, config=(("seed", "7"),))
    >>> gym.score([Item("no such question", "<answer>4</answer>")])[0].score is None
    True
    """

    dataset: str = ""
    column: str = "dataset"
    metadata: str = "metadata"
    read: str = "whole"
    size: int = 0
    config: tuple[tuple[str, str], ...] = ()
    seconds: float = 10.0
    worker: Worker = field(init=False, repr=False, compare=False)

    name: ClassVar[str] = "reasoning_gym"
    origin: ClassVar[str] = "external"
    needs: ClassVar[tuple[str, ...]] = ()
    whole_groups: ClassVar[bool] = False

    def __post_init__(self) -> None:
        setup = {"dataset": self.dataset, "config": self._config, "size": self.size}
        made = Worker("freshbits.signals.reasoning_gym_scorers:scored", self.seconds, setup)
        object.__setattr__(self, "worker", made)

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the signal from `--option key=value`; options `config.NAME` go to the data set.

        Raises:
            InputError: a package is missing, an unknown option or value.
        """
        require(cls.name, "reasoning_gym")
        config = {name.removeprefix("config."): text for name, text in options.items() if name.startswith("config.")}
        plain = {name: text for name, text in options.items() if not name.startswith("config.")}
        known(cls.name, plain, ("dataset", "column", "metadata", "read", "seed", "size", "config.NAME", "seconds"))
        size = number(plain, "size", 0.0)
        if "seed" in plain:
            config["seed"] = plain["seed"]
        if size and not plain.get("dataset"):
            raise InputError(
                "--option size makes the entries of one data set, and none is named",
                mend="pass --option dataset=NAME",
            )
        if int(size) != size or ("seed" in config and not re.fullmatch(r"\d+", config["seed"])):
            raise InputError(
                "--option size and --option seed are whole numbers", mend="write it like --option size=500"
            )
        return cls(
            plain.get("dataset", ""),
            plain.get("column", cls.column),
            plain.get("metadata", cls.metadata),
            one_of(plain, "read", ("whole", "tag"), cls.read),
            int(size),
            tuple(sorted(config.items())),
            number(plain, "seconds", cls.seconds, positive=True),
        )

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on."""
        from importlib.metadata import version

        require(self.name, "reasoning_gym")

        return key_of(self, f"reasoning-gym {version('reasoning-gym')}")

    @property
    def wants(self) -> tuple[str, ...]:
        """Columns that it uses where the log has them."""
        return ("answer", self.metadata, *(() if self.dataset else (self.column,)))

    @property
    def _config(self) -> dict[str, Any]:
        return {name: _value(text) for name, text in self.config}

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch: one verdict per item, in order."""
        config = self._config
        asked: list[dict[str, Any] | None] = []
        for item in items:
            metadata = _mapping(item.fields.get(self.metadata))
            name = self.dataset or item.fields.get(self.column) or (metadata or {}).get("source_dataset")
            answer = self._answer(item.completion)
            asked.append(
                {"dataset": name, "config": config, "prompt": item.prompt, "gold": item.answer, "metadata": metadata}
                | {"answer": answer}
                if isinstance(name, str) and name
                else None
            )
        outcomes = iter(self.worker.run([one for one in asked if one is not None]))
        return [
            Verdict(None, "the row names no data set") if one is None else _verdict(next(outcomes), one)
            for one in asked
        ]

    def _answer(self, completion: str) -> str | None:
        closed, end, _ = completion.rpartition("</answer>")  # so that no open tag looks for its end in vain
        tags = _TAG.findall(closed + end)
        if tags:
            return str(tags[-1]).strip()
        return completion.strip() if self.read == "whole" else None


def _verdict(outcome: Any, asked: dict[str, Any]) -> Verdict:
    if outcome.fault:
        return Verdict(None, f"the scorer of {asked['dataset']}: {outcome.fault}")
    score, why = outcome.value
    if why is not None:
        return Verdict(score, why)
    read = "no <answer>" if asked["answer"] is None else f"read {quoted(asked['answer'])}"
    return Verdict(score, read if score >= 1 or asked["gold"] is None else f"expected {quoted(asked['gold'])}, {read}")


def _mapping(logged: Any) -> dict[str, Any] | None:
    if isinstance(logged, str):
        try:
            logged = json.loads(logged)
        except (ValueError, RecursionError):
            return None
    return dict(logged) if isinstance(logged, Mapping) and logged else None


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
