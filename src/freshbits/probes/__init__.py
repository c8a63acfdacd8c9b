"""Probes: small models that read accepted and rejected texts once, and say what a learner will take first.

    from freshbits.probes.pairs import Pairs, pair_up
    from freshbits.probes.race import race

    race(pairs: Pairs, candidates: Mapping[str, tuple[accepted values, rejected values]], *,
         families=("ngram",), seed=0, beside=None) -> list[ProbeResult]

`Pairs(accepted, rejected, weight=None)` holds texts, or lists of token numbers from 1 on, one accepted and one rejected
of the same prompt; `pair_up(score, group, seed)` makes such pairs of scored rows. Candidates map a name to its values
on both sides (NaN unknown, two values for a flag). `beside="truth"` compares every candidate with truth on the pairs
where it is known. Families: "ngram" (NumPy), "cnn", "gru", "transformer" (the extra [torch]). The same input and seed
give the same result. `risk.chances(result)` is the probability that a learner relies on a candidate more than on
`beside`.

What they say is of learners that start from nothing on these pairs: a reward model's head, a small classifier. A model
that knows a feature already finds it easier than they do.
"""
