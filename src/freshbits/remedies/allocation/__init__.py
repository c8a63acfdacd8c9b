"""Spends rollouts and verifier calls where a group is expected to differ: beliefs on pass rates, and rules over them.

What other rooms may rely on, and what stays as it is:

- `belief.Belief`: a Beta(a, b) per prompt. `Belief.flat(prompts)`, `Belief.stated(prior, worth)`;
  `.observe(index, successes, rollouts)`, `.moved()` after every update of the policy, `.informed(prior)` when a
  predictor speaks again, `.to_json()`, `Belief.from_json()`; `.a`, `.b`, `.mean`.
- `rules`: `expected_variance(a, b)` (the rule), `expected_bits(a, b)`, `information(a, b)`, `mixed(a, b, n)`,
  `plug_in(a, b)`; `through(tpr, fpr)` makes the rule for a verifier that errs.
- `batch.allocate(belief, budget, group=8, rule=…, sharpness=2, seed=step)`: one batch, an `Allocation` of prompts
  (`index`) and their `rollouts`, drawn as score^sharpness. Give another seed every step. In a loop pass `turns=True`.
- `shared.Shared.of(features)`: pass rates from features by a regression that follows the policy; `.observe(…)`,
  `.moved()`, then `belief.informed(shared.rates())`.
- `sequential.pilot(belief, budget, …)`, then `sequential.follow(belief, budget, …)`: two waves in one step.

Everything is a function of arrays and a seed: nothing is drawn in secret, nothing is changed in place.
"""
