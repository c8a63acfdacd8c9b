"""Loops with known parameters, as a log of counts and what was true."""

import numpy as np

from freshbits.dynamics.panel import Panel
from freshbits.worlds.step import Loop, verifier
from freshbits.worlds.step_state import Policies


def logged(seed, *, prompts=1000, rounds=3, size=8, tpr=0.8, fpr=0.4, **rules):
    rng = np.random.default_rng(seed)
    rate = rng.beta(1.0, 1.5, prompts)
    start = np.concatenate([rate[:, None], (1 - rate)[:, None] * rng.dirichlet(np.ones(5), prompts)], axis=1)
    loop = Loop(accept=verifier(6, tpr=tpr, fpr=fpr), **rules)
    n, x, unlike, truth = [], [], [], []
    sizes = np.broadcast_to(size, prompts)
    for number, state in enumerate(loop.run(Policies.of(start), seed, rounds + 7)):
        truth.append((float(state.rate.mean()), float(state.variety.mean())))
        if number < rounds:
            shares = state.shares[0].astype(float)
            drawn = rng.multinomial(sizes, shares / shares.sum(axis=1, keepdims=True))
            n.append(sizes)
            x.append(drawn[:, 0])
            unlike.append(sizes * (sizes - 1) - (drawn * (drawn - 1)).sum(axis=1))
    return Panel(np.arange(rounds), np.stack(n, 1), np.stack(x, 1), np.stack(unlike, 1)), np.array(truth)
