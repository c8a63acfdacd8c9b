"""Exact families of small tasks that write logs and know what is true of them."""

from freshbits.worlds.channels import Channel, Format, Levels, PromptChannel, Score, Shortcut
from freshbits.worlds.closed import Ballot, PromptNoise, SampledConfidence
from freshbits.worlds.counts import Counts
from freshbits.worlds.marks import Follows, Habit, Mark
from freshbits.worlds.own_state import Confidence, Majority, Random, SelfJudge
from freshbits.worlds.rates import Atoms, Beta, LogitNormal, Mixture, bimodal
from freshbits.worlds.sizes import Choice, Fixed, log_uniform
from freshbits.worlds.state import Answers, Region, Replicator, Schedule, Source
from freshbits.worlds.step import Gradient, Loop, verifier
from freshbits.worlds.step_state import Policies
from freshbits.worlds.truth import FeatureTruth, SignalTruth, WorldTruth
from freshbits.worlds.varying import Regional, Trend
from freshbits.worlds.world import World

__all__ = [
    "Answers",
    "Atoms",
    "Ballot",
    "Beta",
    "Channel",
    "Choice",
    "Confidence",
    "Counts",
    "FeatureTruth",
    "Fixed",
    "Follows",
    "Format",
    "Gradient",
    "Habit",
    "Levels",
    "LogitNormal",
    "Loop",
    "Majority",
    "Mark",
    "Mixture",
    "Policies",
    "PromptChannel",
    "PromptNoise",
    "Random",
    "Region",
    "Regional",
    "Replicator",
    "SampledConfidence",
    "Schedule",
    "Score",
    "SelfJudge",
    "Shortcut",
    "SignalTruth",
    "Source",
    "Trend",
    "World",
    "WorldTruth",
    "bimodal",
    "log_uniform",
    "verifier",
]
