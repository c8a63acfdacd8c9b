"""Where each number is explained: the module that computes it, found by the words of its method."""

from __future__ import annotations

from importlib import import_module
from inspect import cleandoc
from textwrap import dedent

# Words that a method begins with or holds -> the module whose text explains it. The first that fits decides.
HOMES = (
    ("one rollout per group", "information.bounds"),
    ("bounds over all mixtures", "information.bounds"),
    ("bounds: at least the bits", "information.bounds"),
    ("Beta-started NPMLE", "information.mixing"),
    ("levels by binary splits", "information.levels"),
    ("mixture over base rate and channel", "information.joint"),
    ("mixture, from J below", "information.joint"),
    ("mixture, beyond the logged", "information.species"),
    ("between ever solved and 1", "information.species"),
    ("mean of a mixture over score levels", "information.best_of_mixture"),
    ("smooth curve", "information.best_of_smooth"),
    ("unbiased best of", "information.pressure"),
    ("truth at n =", "information.pressure"),
    ("unbiased, ", "information.species"),
    ("cross-fitted log loss", "information.usable"),
    ("nested cells", "information.counted"),
    ("residual usable information", "information.residual"),
    ("bits of the signal less", "information.residual"),
    ("bits over what the belief", "information.residual"),
    ("labelled rows of each group's most frequent", "criteria.ceiling"),
    ("inside (prompt, class) cells", "information.surface"),
    ("conditional logit", "information.intercept"),
    ("less the bits shared with the other", "criteria.components"),
    ("sum of the contrast bits of each", "information.together"),
    ("chain rule over the criteria", "information.together"),
    ("joint bits less", "information.together"),
    ("what at least two criteria say", "criteria.together"),
    ("contrast bits given the others", "information.together"),
    ("pairs of verdicts on one output", "information.noise"),
    ("bounds: at least twice the share", "information.noise"),
    ("variance of scores of one output", "information.noise"),
    ("covariance with the weighted total", "criteria.components"),
    ("bounds: classes seen once", "information.task"),
    ("contrast bits less those inside a class", "information.task"),
    ("task bits / contrast bits", "information.task"),
    ("bits about truth / contrast bits", "criteria.efficiency"),
    ("Chao-Wang-Jost", "information.codelength"),
    ("effective number of texts", "information.codelength"),
    ("Good-Turing", "information.species"),
    ("Chao1", "information.species"),
    ("inverse probability that two rollouts", "information.species"),
    ("quantile bins", "information.ranking"),
    ("pairs of a right and a wrong", "information.ranking"),
    ("pairs inside a group", "information.scores"),
    ("counted inside groups less", "information.moved"),
    ("pooled mutual information", "information.pooled"),
    ("labels weighted by design", "information.rates"),
    ("joint interval of both shares", "information.rates"),
    ("one_channel", "information.channel"),
    ("likelihood of consecutive counts", "dynamics.fit"),
    ("resampling and selection", "dynamics.forms"),
    ("last value", "dynamics.forms"),
    ("plateau", "dynamics.forms"),
    ("power law", "dynamics.forms"),
    ("operator", "dynamics.projection"),
    ("paired differences", "dynamics.paired"),
    ("the same pass rates sampled twice", "dynamics.paired"),
    ("rows that both scored", "criteria.agreement"),
    ("effects inside groups times changes", "criteria.gained"),
    ("mean over prompts of one round", "criteria.forecast"),
    ("exact binomial", "information.resampling"),
    ("mixture, jackknife", "information.mixing"),
    ("jackknife over prompts", "information.resampling"),
)


def home(method: str) -> str | None:
    """Names the module that explains a method; None where no words of it are known.

    >>> home("Beta-started NPMLE, jackknife over prompts")
    'freshbits.information.mixing'
    """
    return next((f"freshbits.{module}" for words, module in HOMES if words in method), None)


def text_of(module: str) -> list[tuple[str, bool]]:
    """Returns the paragraphs in which a module explains what it computes, and which of them are formulas.

    >>> text_of("freshbits.information.pooled")[0][0][:11]
    'Bits a feat'
    """
    found = []
    for part in cleandoc(import_module(module).__doc__ or "").split("\n\n"):
        formula = part.startswith("    ")
        found.append((dedent(part) if formula else " ".join(part.split()), formula))
    return found
