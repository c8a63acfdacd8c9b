"""Advice: one to three things to do next, each with its reason and what it is expected to do."""

from __future__ import annotations

from freshbits.criteria.inputs import Evidence, quoted
from freshbits.remedies.label import expected_width
from freshbits.results import Budget, Component, Remedy

MANY_DEAD = 0.30
MOST = 3


def advise(evidence: Evidence, budgets: dict[str, Budget], components: dict[str, Component]) -> list[Remedy]:
    """Chooses at most three remedies, the most useful first."""
    found = [
        *_more_per_group(budgets),
        *_label(evidence, budgets),
        *_dead_groups(budgets),
        *_saturated(components),
        *_accept(evidence, budgets),
    ]
    return found[:MOST]


def _label(evidence: Evidence, budgets: dict[str, Budget]) -> list[Remedy]:
    if evidence.made is not None and not budgets and not evidence.truth:
        return [
            Remedy(
                command=evidence.label_command(),
                why="nobody scored this set: how much of it is right takes truth on some rows",
                expected=f"the share that is right to about ± {expected_width(300, share=1.0):.2f}",
            )
        ]
    judged = [name for name, budget in budgets.items() if budget.mean is not None and budget.kind != "constant"]
    if evidence.truth or not judged:
        return []
    width = expected_width(300)
    return [
        Remedy(
            command=evidence.label_command(judged[0]),
            why="without truth on some rows, right and merely rewarded cannot be told apart",
            expected=f"true and false positive rates of {judged[0]} to about ± {width:.2f}",
        )
    ]


def _more_per_group(budgets: dict[str, Budget]) -> list[Remedy]:
    codes = {budget.code for budget in budgets.values()}
    if not codes & {"ONE_PER_GROUP", "FEW_PER_GROUP"}:
        return []
    return [
        Remedy(
            command="num_generations=8  (a setting of the trainer, or of the evaluation that writes the log)",
            why="too few rollouts per prompt to see differences inside a prompt",
            expected="contrast bits within .01 bit instead of bounds",
        )
    ]


def _dead_groups(budgets: dict[str, Budget]) -> list[Remedy]:
    for name, budget in budgets.items():
        dead = budget.dead_groups
        now = budget.mean
        if budget.kind != "binary" or dead is None or dead.value is None or dead.value < MANY_DEAD or now is None:
            continue
        sizes = {int(size): share for size, share in budget.informative_groups.items()}
        larger = [size for size in sizes if (sizes[size].value or 0) > 1 - dead.value + 0.05]
        if not larger:
            continue
        size = min(larger)
        return [
            Remedy(
                command=f"num_generations={size}  (a setting of the trainer)",
                why=f"{dead.value:.0%} of the groups give {name} no contrast",
                expected=f"{sizes[size].value:.0%} of the groups informative, now {1 - dead.value:.0%}",
            )
        ]
    return []


def _saturated(components: dict[str, Component]) -> list[Remedy]:
    dry = [name for name, component in components.items() if component.saturated_at is not None]
    if not dry or len(dry) == len(components):
        return []
    name = dry[0]
    return [
        Remedy(
            command=f"drop the reward function {quoted(name)}, or keep it as a gate",
            why=f"{name} carries under .05 bit per rollout from round {components[name].saturated_at} on",
            expected="its calls saved, no contrast lost",
        )
    ]


def _accept(evidence: Evidence, budgets: dict[str, Budget]) -> list[Remedy]:
    for name, budget in budgets.items():
        values = evidence.tally.values[name]
        if budget.status == "judged" and budget.kind == "score" and values.high is not None and not evidence.pairs:
            return [
                Remedy(
                    command=f"freshbits audit {evidence.where} --accept {quoted(f'{name}>={values.high:g}')}",
                    why=f"{name} is a score; a threshold makes it a verdict with bits per rollout on one scale",
                    expected="contrast bits, dead groups and pass@k of the verdict",
                )
            ]
    return []
