"""Rewards and groups that a feature is not paid in, in the shapes that trainers take.

These change rewards, unlike `metered`: they are added by the person who trains, and named in the run's own code.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from freshbits.integrations.trl import runs
from freshbits.rollouts.messages import message_text, sampled_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from freshbits.remedies.balance import Balance


def controlled(reward_func: Callable[..., Any], balance: Balance) -> Callable[..., Any]:
    """Returns a reward function for TRL that pays what `reward_func` pays at equal features.

    Groups are consecutive rows with equal prompts, as TRL lays them out. An async reward function stays one.

    >>> from freshbits.remedies.balance import Balance
    >>> def longer(completions, **kwargs):
    ...     return [float(len(text)) for text in completions]
    >>> reward = controlled(longer, Balance(["characters"]))  # GRPOTrainer(reward_funcs=controlled(…), …)
    >>> reward.__name__
    'longer_controlled'
    """

    def changed(values: Any, prompts: Sequence[Any], completions: Sequence[Any]) -> list[float | None]:
        texts = [text if isinstance(text, str) else sampled_text(text) for text in completions]
        asked = [text if isinstance(text, str) else message_text(text) for text in prompts]
        return balance.controlled(texts, list(values), runs(asked).tolist())

    if inspect.iscoroutinefunction(reward_func):

        async def waiting(prompts: Any, completions: Any, **rest: Any) -> list[float | None]:
            values = await reward_func(prompts=prompts, completions=completions, **rest)
            return changed(values, prompts, completions)

        waiting.__name__ = f"{reward_func.__name__}_controlled"
        return waiting

    def paying(prompts: Any, completions: Any, **rest: Any) -> list[float | None]:
        return changed(reward_func(prompts=prompts, completions=completions, **rest), prompts, completions)

    paying.__name__ = f"{getattr(reward_func, '__name__', type(reward_func).__name__)}_controlled"
    return paying


def kept_groups(
    rollouts: Sequence[Mapping[str, Any]],
    balance: Balance,
    *,
    group: str = "uid",
    completion: str = "output",
    reward: str = "score",
) -> list[int]:
    """Returns the places of the rows to train on, for a trainer's hook that filters groups (verl's `filter_groups`).

    Args:
        rollouts: one mapping per row.
        balance: what to balance against.
        group: key of the group's name.
        completion: key of the text.
        reward: key of the reward.

    >>> from freshbits.remedies.balance import Balance
    >>> rows = [{"uid": "a", "output": "- x" * k, "score": s} for k, s in ((9, 1.0), (1, 0.0), (9, 0.0), (1, 1.0))]
    >>> kept_groups(rows, Balance(["bullets"]))
    [0, 1, 2, 3]
    """
    names: dict[Any, int] = {}
    numbers = [names.setdefault(row[group], len(names)) for row in rollouts]
    keep = balance.keep([str(row[completion]) for row in rollouts], [row[reward] for row in rollouts], numbers)
    return [place for place, kept in enumerate(keep) if kept]
