"""The exact truth about a world: quadrature over prompts, enumeration inside them, nothing sampled."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

from freshbits.errors import OutOfRegimeError
from freshbits.worlds.channels import Score
from freshbits.worlds.component import weights
from freshbits.worlds.marks import Follows
from freshbits.worlds.rates import Array
from freshbits.worlds.state import Prompts, believe, shifted

if TYPE_CHECKING:
    from freshbits.worlds.spec import Spec

Latents = Mapping[str, Array]
_CELLS = 2e7  # cells of one enumeration held in memory at once


@dataclass(frozen=True)
class SignalTruth:
    """Holds what is exactly true of one signal; None where it is not defined (scores) or not known.

    Attributes:
        pass_rate: mean verdict or score of one row.
        contrast_bits: E H(S | Q), bits per rollout; E h(s_q) for a verdict.
        given_others: E H(S | the world's other components with levels, Q); to about four digits where
            components have rates of their own by prompt, None where those are too many.
        truth_bits: I(C; S | Q).
        class_bits: I(answer class; S | Q).
        surprise_bits: H(S | the model's whole state).
        accepted_share: E[-s log2 s] / E h(s).
        tpr, fpr: P(S=1 | C=1), P(S=1 | C=0) over all rows.
        auroc: P(a right row scores higher than a wrong one), for continuous scores.
        all_wrong, all_right, informative: per group size, P(all scored rows at the lowest level), at the
            highest, and not all at one level.
    """

    pass_rate: float
    contrast_bits: float | None
    given_others: float | None
    truth_bits: float
    class_bits: float | None
    surprise_bits: float | None
    accepted_share: float | None
    tpr: float | None
    fpr: float | None
    auroc: float | None
    all_wrong: Mapping[int, float] = field(default_factory=dict)
    all_right: Mapping[int, float] = field(default_factory=dict)
    informative: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True)
class FeatureTruth:
    """Holds a signal's bits about a planted feature: I(φ;S|Q), I(φ;S|C,Q), I(φ;S|answer class,Q)."""

    bits: float
    beyond_truth: float
    beyond_class: float


@dataclass(frozen=True)
class WorldTruth:
    """Holds what is exactly true of a world in one round, averaged over groups.

    Attributes:
        base_rate: P(C=1).
        classes: expected number of different answers in a group ("no answer" counts as one).
        signals: per signal.
        features: per planted feature, per signal with levels.
    """

    base_rate: float
    classes: float
    signals: Mapping[str, SignalTruth]
    features: Mapping[str, Mapping[str, FeatureTruth]]


def truth_of(spec: Spec, round: int, sizes: tuple[int, ...], region: str | None, source: str | None) -> WorldTruth:
    """Returns the truth of one round, for one region or source where named."""
    exact = _Exact(spec, round, region, source)
    rate, classes = exact.answers()
    levels = tuple(name for name, part in spec.signals.items() if not isinstance(part, Score))
    others = exact.given_others(levels)
    signals = {
        name: exact.score(part) if isinstance(part, Score) else exact.signal(name, sizes, others.get(name))
        for name, part in spec.signals.items()
    }
    features = {feature: {name: exact.feature(feature, name) for name in levels} for feature in spec.features}
    return WorldTruth(rate, classes, signals, features)


@dataclass(frozen=True)
class _Exact:
    spec: Spec
    round: int
    region: str | None
    source: str | None

    def states(self, names: tuple[str, ...], cells: int) -> Iterator[tuple[Array, Prompts, Latents]]:
        """Yields weighted batches of prompts that stand for all prompts, with these components' own rates."""
        spec = self.spec
        regions = [(i, part) for i, part in enumerate(spec.regions) if self.region is None or part.name == self.region]
        sources = [part for part in spec.sources if self.source is None or part.name == self.source]
        total = sum(part.share for _, part in regions) * len(sources)
        if not regions or not sources:
            raise OutOfRegimeError(f"the world has no region {self.region!r} or no source {self.source!r}")
        votes = any(spec.discrete(name).votes for name in names if not isinstance(spec.signals[name], Score))
        sizes = zip(*spec.sizes.support(), strict=True) if votes else [(0, 1.0)]
        groups = [(int(size), float(weight)) for size, weight in sizes]
        skews, skew_weights = spec.answers.skew.few(12)
        shares = spec.answers.split(skews)
        for (index, part), who in ((r, s) for r in regions for s in sources):
            odds = spec.odds(self.round, who, part)
            for share, skew_weight in zip(shares, skew_weights, strict=True):
                rates, rate_weights = (part.base or spec.base).nodes(spec.jumps(names, share, odds))
                own, own_weights, latents = self._own(names, rates.size * cells)
                rate = np.repeat(shifted(rates, odds), own)
                weight = np.outer(rate_weights, own_weights).ravel() * skew_weight * part.share / total
                belief = believe(rate, np.broadcast_to(share, (rate.size, share.size)), spec.cut)
                where = np.full(rate.size, index, dtype=np.int64)
                here = {name: np.tile(table, (rates.size, 1)) for name, table in latents.items()}
                for size, size_weight in groups:
                    yield weight * size_weight, spec.state(belief, where, self.round, size), here

    def _own(self, names: tuple[str, ...], cells: int) -> tuple[int, Array, Latents]:
        """Returns the product of the components' own rates: its size, weights, and a table per component."""
        depth = sum(len(self.spec.signals[name].latents) for name in names)
        each = 24 if depth == 0 else min(24, int((_CELLS / cells) ** (1 / depth)))
        if each < 4:
            raise OutOfRegimeError(f"{depth} rates that differ by prompt are too many to enumerate together")
        product = np.ones(1)
        columns: list[Array] = []
        for name in names:
            for rates in self.spec.signals[name].latents:
                values, value_weights = rates.few(each)
                columns = [np.repeat(column, values.size) for column in columns]
                columns.append(np.tile(values, product.size))
                product = np.outer(product, value_weights).ravel()
        tables: dict[str, Array] = {}
        for name in names:
            width = len(self.spec.signals[name].latents)
            taken, columns = columns[:width], columns[width:]
            tables[name] = np.stack(taken, axis=1) if taken else np.zeros((product.size, 0))
        return product.size, product, tables

    def expect(
        self, names: tuple[str, ...], cells: int, f: Callable[[Prompts, Latents], Mapping[str, Array]]
    ) -> dict[str, float]:
        """Returns the expectation over prompts of every quantity that f gives per prompt."""
        total: dict[str, float] = {}
        for weight, prompts, latents in self.states(names, cells):
            for key, values in f(prompts, latents).items():
                total[key] = total.get(key, 0.0) + float(weight @ values)
        return total

    def answers(self) -> tuple[float, float]:
        """Returns the base rate and the expected number of different answers in a group."""
        sizes, size_weights = self.spec.sizes.support()

        def f(prompts: Prompts, _: Latents) -> dict[str, Array]:
            missing = sum(w * (1 - prompts.belief) ** n for n, w in zip(sizes, size_weights, strict=True))
            return {"rate": prompts.belief[:, 0], "classes": (1 - missing).sum(axis=1)}

        found = self.expect((), 1, f)
        return found["rate"], found["classes"]

    def joint(self, prompts: Prompts, latents: Latents, names: tuple[str, ...]) -> Array:
        """Returns P(class, habits, levels of the named components | prompt), levels flattened."""
        habits = self.spec.habits
        cells = weights(prompts, habits)[..., None]
        for name in names:
            law = self.spec.discrete(name).law(prompts, latents[name], habits)
            cells = (cells[..., :, None] * law[..., None, :]).reshape(*cells.shape[:3], -1)
        return cells

    def cells(self, names: tuple[str, ...]) -> int:
        """Returns the number of cells of `joint` per prompt."""
        classes = self.spec.answers.wrong + 1 + (self.spec.cut > 0)
        levels = math.prod(len(self.spec.discrete(name).levels) for name in names)
        return int(classes * self.spec.habits.table.shape[0] * levels)

    def signal(self, name: str, sizes: tuple[int, ...], given_others: float | None) -> SignalTruth:
        """Returns the truth of one component with levels."""
        part = self.spec.discrete(name)
        two = part.levels == (0.0, 1.0)

        def f(prompts: Prompts, latents: Latents) -> dict[str, Array]:
            table = self.joint(prompts, latents, (name,)).sum(axis=2)
            verdict, right = table.sum(axis=1), table[:, 0]
            truth = np.stack([right, verdict - right], axis=1)
            entropy = _entropy(verdict)
            top = np.clip(verdict[:, -1], 0.0, 1.0)
            found = {
                "mean": verdict @ np.array(part.levels),
                "contrast": entropy,
                "truth": entropy + _entropy(truth.sum(axis=2)) - _entropy(_flat(truth)),
                "class": entropy + _entropy(prompts.belief) - _entropy(_flat(table)),
                "accepted": special.entr(top) / math.log(2),
                "right": prompts.belief[:, 0],
                "right accepted": right[:, -1],
            }
            for size in sizes:
                dead = part.dead(prompts, latents[name], self.spec.habits, size)
                found |= {
                    f"low {size}": dead[:, 0],
                    f"high {size}": dead[:, -1],
                    f"dead {size}": dead.sum(axis=1),
                }
            return found

        found = self.expect((name,), self.cells((name,)), f)
        rate, contrast = found["right"], found["contrast"]
        return SignalTruth(
            pass_rate=found["mean"],
            contrast_bits=contrast,
            given_others=given_others,
            truth_bits=max(found["truth"], 0.0),
            class_bits=max(found["class"], 0.0),
            surprise_bits=part.surprise(),
            accepted_share=found["accepted"] / contrast if two and contrast > 1e-12 else None,
            tpr=found["right accepted"] / rate if two and rate > 0 else None,
            fpr=(found["mean"] - found["right accepted"]) / (1 - rate) if two and rate < 1 else None,
            auroc=None,
            all_wrong={size: found[f"low {size}"] for size in sizes},
            all_right={size: found[f"high {size}"] for size in sizes},
            informative={size: 1 - found[f"dead {size}"] for size in sizes},
        )

    def score(self, part: Score) -> SignalTruth:
        """Returns the truth of one continuous score."""
        found = self.expect(
            (), 1, lambda prompts, _: {"rate": prompts.belief[:, 0], "bits": part.bits(prompts.belief[:, 0])}
        )
        return SignalTruth(
            pass_rate=part.gap * found["rate"],
            truth_bits=found["bits"],
            contrast_bits=None,
            given_others=None,
            class_bits=None,
            surprise_bits=None,
            accepted_share=None,
            tpr=None,
            fpr=None,
            auroc=part.auroc,
        )

    def given_others(self, names: tuple[str, ...]) -> dict[str, float | None]:
        """Returns E H(S_j | S_others, Q) per component; None where there are too many rates to enumerate."""
        shape = [len(self.spec.discrete(name).levels) for name in names]

        def f(prompts: Prompts, latents: Latents) -> dict[str, Array]:
            table = self.joint(prompts, latents, names).sum(axis=(1, 2))
            whole = _entropy(table)
            table = table.reshape(-1, *shape)
            return {name: whole - _entropy(_flat(table.sum(axis=1 + j))) for j, name in enumerate(names)}

        try:
            return dict(self.expect(names, self.cells(names), f))
        except OutOfRegimeError:
            return dict.fromkeys(names)

    def feature(self, feature: str, name: str) -> FeatureTruth:
        """Returns what one signal says about one planted feature."""
        planted = self.spec.features[feature]
        follows = planted.signal if isinstance(planted, Follows) else None
        names = (name,) if follows in (None, name) else (follows or "", name)
        levels = len(self.spec.discrete(name).levels)

        def f(prompts: Prompts, latents: Latents) -> dict[str, Array]:
            cells = self.joint(prompts, latents, names)
            if isinstance(planted, Follows):
                given = np.array([planted.rejected, planted.accepted])
                present = np.stack([1 - given, given], axis=0)  # feature value, level followed
                if follows == name:
                    table = cells.sum(axis=2)[:, :, None, :] * present
                else:
                    both = cells.sum(axis=2).reshape(*cells.shape[:2], 2, levels)
                    table = np.einsum("nkil,fi->nkfl", both, present)
            else:
                there = self.spec.habits.column(feature)
                table = np.einsum("nkhl,fh->nkfl", cells, np.stack([1 - there, there]))
            truth = np.stack([table[:, 0], table[:, 1:].sum(axis=1)], axis=1)
            return {
                "bits": _information(table.sum(axis=1, keepdims=True)),
                "beyond truth": _information(truth),
                "beyond class": _information(table),
            }

        found = self.expect(names, self.cells(names) * 2, f)
        return FeatureTruth(*(max(found[key], 0.0) for key in ("bits", "beyond truth", "beyond class")))


def _entropy(chances: Array) -> Array:
    bits: Array = special.entr(np.clip(chances, 0.0, 1.0)).sum(axis=-1) / math.log(2)
    return bits


def _flat(table: Array) -> Array:
    return table.reshape(len(table), -1)


def _information(table: Array) -> Array:
    """Returns I(feature; level | class) per prompt, from P(class, feature, level)."""
    parts = _entropy(_flat(table.sum(axis=3))) + _entropy(_flat(table.sum(axis=2)))
    return parts - _entropy(_flat(table)) - _entropy(table.sum(axis=(2, 3)))
