"""The signal `rubric`: written criteria, read by a model behind a server; a column per criterion and their total."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from secrets import token_hex
from statistics import fmean
from typing import TYPE_CHECKING, ClassVar, Self

from freshbits.signals.pace import Pace
from freshbits.signals.rubric.asked import How, ask
from freshbits.signals.rubric.asking import VERSION
from freshbits.signals.rubric.options import Options, read_options
from freshbits.signals.rubric.provenance import origin, same_model
from freshbits.signals.server import Server
from freshbits.signals.signal import Verdict
from freshbits.signals.spending import NOTHING, Prices, Purse, Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.rollouts.log import Log
    from freshbits.signals.rubric.asked import Asked
    from freshbits.signals.rubric.criteria import Rubric
    from freshbits.signals.signal import Item

OPPONENT = "opponent"


@dataclass(frozen=True)
class RubricSignal:
    """Asks a model to judge completions by written criteria; its score is the weighted total, 1 at best.

    Besides its score it gives each of several criteria, 0 to 1, as a column `NAME.CRITERION`. Asked several times
    (`repeats`, or both orders of a pair), every verdict stands beside the mean: `NAME@1`, `NAME@2`, …, and so for each
    criterion. A pair's verdict says which response holds more of a criterion, 1 for the completion, 0 for its opponent;
    odd askings show the completion first, even ones the opponent, swapped back.

    A reply that cannot be read strictly is asked for again, then unscored. Texts are quoted so that nothing in them can
    stand outside (`rubric.quoting`); what they persuade a judge of is its own weakness, and `--harden` asks for it.

    It does not know whether the server honours temperature, seed and form, nor whether the judge is right.

    Attributes:
        rubric: the criteria.
        options: everything else.
        sources: who wrote the completions, as far as the log says.
        pairs: whether the log holds opponents.
        secret: what marks are drawn from; the run's own where none is given.
        server: what is asked.

    References: Zheng et al., Judging LLM-as-a-Judge, NeurIPS 2023; Arora et al., HealthBench, 2025 (weights, pitfalls).
    """

    rubric: Rubric
    options: Options
    sources: tuple[str, ...] = ()
    pairs: bool = False
    secret: str = ""
    server: Server = field(default_factory=lambda: Server(""), repr=False, compare=False)

    name: ClassVar[str] = "rubric"
    needs: ClassVar[tuple[str, ...]] = ()
    wants: ClassVar[tuple[str, ...]] = (OPPONENT,)
    whole_groups: ClassVar[bool] = False
    threads: ClassVar[int] = 8
    batch: ClassVar[int] = 1  # each verdict on disk as soon as it is there: it was paid for
    judges: ClassVar[bool] = True

    @classmethod
    def of(cls, rubric: Rubric, options: Options) -> Self:
        """Makes the signal with a server of its own."""
        server = Server(
            options.model, options.url, options.seconds, options.tries, options.tokens, options.seed,
            pace=Pace(options.rpm, options.tpm), purse=Purse(_prices(options), options.budget),
        )  # fmt: skip
        return cls(rubric, options, secret=options.secret or token_hex(16), server=server)

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes the signal from `--option key=value`.

        Raises:
            InputError: an unknown option or value, no model, no rubric, or a mistake in its file.
        """
        from freshbits.signals.rubric.file import read_rubric

        found = read_options(options)
        return cls.of(read_rubric(found.rubric), found)

    @property
    def origin(self) -> str:
        """Where its verdicts come from, by what is declared of the judge and of the criteria."""
        said = self.options
        students = [said.student] if said.student else list(self.sources)
        mine = [same_model(said.model, name) for name in students]
        found = origin(
            is_student=bool(mine) and all(mine), trained_on=said.trained_on, frozen=said.frozen,
            written_by=said.written_by or self.rubric.written_by,
        )  # fmt: skip
        return "unknown" if any(mine) and not all(mine) else found

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on; not what it may cost or how long it may take."""
        said = self.options
        asked = {name: getattr(said, name) for name in ("model", "url", "repeats", "calls", "again", "form",
                 "temperature", "seed", "tokens", "longest", "reference")}  # fmt: skip
        words = ", ".join(f"{name}={value!r}" for name, value in asked.items())
        return f"rubric({self.rubric.name}, {self.rubric.digest}, {words}) {VERSION}"

    @property
    def prices(self) -> Prices | None:
        """What tokens cost, where it was said."""
        return _prices(self.options)

    @property
    def asks(self) -> int:
        """How often it asks about one completion."""
        return self.options.repeats * (2 if self.pairs else 1)

    @property
    def columns(self) -> tuple[str, ...]:
        """Endings of its further columns, in the order of a verdict's parts."""
        names = [] if self._alone else [f".{each.name}" for each in self.rubric.criteria]
        several = range(1, self.asks + 1) if self.asks > 1 else range(0)
        return (*names, *(f"{name}@{number}" for number in several for name in ("", *names)))

    @property
    def weights(self) -> tuple[tuple[str, float], ...]:
        """Ending of each criterion's column, and its weight in the total."""
        if self._alone:
            return ()
        return tuple((f".{c.name}", w) for c, w in zip(self.rubric.criteria, self.rubric.weights, strict=True))

    @property
    def _alone(self) -> bool:
        """Whether its one criterion is the total, so that a column of its own would say the same once more."""
        return len(self.rubric.criteria) == 1 and self.rubric.criteria[0].weight > 0

    def surveyed(self, log: Log) -> Self:
        """Returns the signal after it has seen who wrote the log's completions, and whether they have opponents."""
        found: set[str] = set()
        if "source" in log.schema:
            for batch in log.batches(["source"]):
                found |= set(batch["source"].drop_nulls().unique().to_list())
        return replace(self, sources=tuple(sorted(found)), pairs=OPPONENT in log.schema)

    def keyed(self, secret: str) -> Self:
        """Returns the signal with the run's secret, where none was given."""
        return self if self.options.secret else replace(self, secret=secret)

    def remember(self, usage: Usage) -> None:
        """Counts what an interrupted run has spent against the budget."""
        self.server.purse.remember(usage)

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch: one verdict per item, in order; several items are asked for side by side."""
        if len(items) < 2:
            return [self._judged(item) for item in items]
        with ThreadPoolExecutor(self.threads) as pool:
            return list(pool.map(self._judged, items))

    def _judged(self, item: Item) -> Verdict:
        pair = self.pairs and item.fields.get(OPPONENT) is not None
        if self.pairs and not pair:
            return Verdict(None, "there is no opponent")
        said = self.options
        how = How(
            self.rubric.criteria, said.calls == "each", said.again, said.form == "schema", said.temperature, said.seed,
            self.secret, said.longest, said.reference,
        )  # fmt: skip
        # Both orders of a pair are one question asked two ways: they share their seed.
        turns = [(at // 2, at % 2 == 1) if pair else (at, None) for at in range(self.asks)]
        found = [ask(self.server, how, item, number=number, swapped=swapped) for number, swapped in turns]
        return self._verdict(found)

    def _verdict(self, found: Sequence[Asked]) -> Verdict:
        """Returns the mean of several askings with each of them beside it.

        Askings that are whole are averaged; only where none is, each criterion by itself: so the total stays the
        weighted sum of its criteria's columns.
        """
        count = len(self.rubric.criteria)
        totals = [self.rubric.total(one.scores) for one in found]
        whole = [one for one, total in zip(found, totals, strict=True) if total is not None]
        means = [_mean([one.scores[at] for one in whole or found]) for at in range(count)]
        score = self.rubric.total(means) if whole else None
        several = [
            part
            for one, total in zip(found, totals, strict=True)
            for part in (total, *(() if self._alone else one.scores))
        ]
        usage = NOTHING
        for one in found:
            usage += one.usage
        parts = (*(() if self._alone else means), *(several if len(found) > 1 else ()))
        return Verdict(score, self._words(found), parts, usage, passing=any(one.passing for one in found))

    def _words(self, found: Sequence[Asked]) -> str:
        faults = [one.fault for one in found if one.fault]
        if len(faults) == len(found):
            return faults[0]
        told = "; ".join(
            f"{each.name} {' '.join(one.words[at] for one in found if one.words)}"
            for at, each in enumerate(self.rubric.criteria)
        )
        reason = next((one.reason for one in found if one.reason), "")
        missing = f" ({len(faults)} of {len(found)} askings without: {faults[0]})" if faults else ""
        return f"{told}{missing}" + (f": {reason}" if reason else "")


def _mean(scores: Sequence[float | None]) -> float | None:
    known = [score for score in scores if score is not None]
    return round(fmean(known), 9) if known else None


def _prices(options: Options) -> Prices | None:
    if options.price_in is None and options.price_out is None:
        return None
    return Prices(options.price_in or 0.0, options.price_out or 0.0)
