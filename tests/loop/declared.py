"""Declared loops whose structure is known: what the declaration says, and what has to be read off it."""

from __future__ import annotations

from dataclasses import dataclass

SHORT = "task: {environment: sums}\nmodel: {name: some/model}\n"
STUDENT = """
nodes:
  task: {kind: task}
  prompts: {kind: prompts}
  student: {kind: state}
  completions: {kind: generator}
  training: {kind: trainer}
"""
EDGES = """
edges:
  - [task, prompts]
  - [prompts, completions]
  - [student, completions]
  - [student, training]
"""
NEXT = """
next_round:
  - [training, student]
"""


@dataclass(frozen=True)
class Known:
    """Holds a loop with its structure."""

    text: str
    verdict: str
    adjective: str | None = None
    through: str | None = None  # a node that the path has to pass
    cut: tuple[tuple[str, str], ...] | None = None
    parts: tuple[str, ...] | None = None
    says: str = ""  # words that the reason has to hold


def short(signal: str, method: str = "rft", **train: object) -> str:
    more = "".join(f", {key}: {value}" for key, value in train.items())
    return f"{SHORT}signal: {signal}\ntrain: {{method: {method}{more}}}\n"


def drawn(nodes: str, edges: str, handed: str = "") -> str:
    """Draws the usual student with further nodes and arrows, each written `a > b`."""
    listed = "".join(f"  {line.strip()}\n" for line in nodes.strip().splitlines())
    arrows = [
        [f"  - [{', '.join(part.split(' > '))}]\n" for part in text.split("; ") if part] for text in (edges, handed)
    ]
    return STUDENT + listed + EDGES + "".join(arrows[0]) + NEXT + "".join(arrows[1])


CLOSED = {
    "trained on all that it writes": Known(short("none", "self"), "closed", says="nothing is scored"),
    "majority vote": Known(short("majority_vote", "grpo"), "closed", says="own outputs"),
    "majority vote with a growing pool": Known(short("majority_vote", pool="accumulate"), "closed"),
    "self-judge": Known(short("self_judge"), "closed", says="own outputs"),
    "confidence": Known(short("confidence", "grpo"), "closed"),
    "by lot": Known(short("{random: 0.5}", "grpo"), "closed", says="by lot"),
    "its own references": Known(short("{reference: student}", "sft"), "closed"),
    "expected answers that it wrote itself": Known(short("{verifier: exact, written_by: student}"), "closed"),
    "a verifier declared own state": Known(short("{verifier: exact, origin: own_state}"), "closed"),
    "a reward model made of its samples and votes": Known(
        short("{judge: rm, trained_on: [student], frozen: false}", "grpo"), "closed"
    ),
    "its own copy as judge, retrained": Known(short("{judge: some/model, frozen: false}"), "closed"),
    "a verifier that nothing is trained on": Known(
        short("{verifier: exact}", "self"), "closed", says="nothing is trained on it"
    ),
    "a filter that ignores the verdict": Known(
        drawn(
            "verdict: {kind: signal}\nfilter: {kind: filter}",
            "task > verdict; completions > verdict; completions > filter; filter > training",
        ),
        "closed",
        says="nothing is trained on it",
    ),
    "a filter against repetition": Known(
        drawn("filter: {kind: filter}", "completions > filter; filter > training"), "closed"
    ),
    "a judge distilled from the student in every round": Known(
        drawn(
            "judge: {kind: state}\nscore: {kind: signal}",
            "student > judge; judge > score; completions > score; score > training; completions > training",
        ),
        "closed",
    ),
    "a frozen judge that knows nothing": Known(
        drawn(
            "judge: {kind: state, frozen: true, origin: own_state}\nscore: {kind: signal}",
            "judge > score; completions > score; score > training; completions > training",
        ),
        "closed",
    ),
    "prompts that the student proposes": Known(
        drawn("filter: {kind: filter}", "student > prompts; completions > filter; filter > training"), "closed"
    ),
    "two students that teach each other": Known(
        drawn(
            "other: {kind: state}\ntexts: {kind: generator}\nstudy: {kind: trainer}",
            "other > texts; prompts > texts; texts > training; other > study; completions > study; task > other",
            "study > other",
        ).replace("student", "first"),
        "closed",
    ),
}

OPEN = {
    "reference data": Known(
        short("{reference: task}", "sft"),
        "open",
        "exhaustible",
        "references",
        (("task", "references"),),
        says="fixed and finite",
    ),
    "a teacher": Known(
        short("{reference: big, trained_on: [people]}", "sft"), "open", "renewing", "teacher", (("task", "teacher"),)
    ),
    "a teacher that is the model as it was": Known(
        short("{reference: some/model}", "sft"), "open", "exhaustible", "start", says="what start knew"
    ),
    "rejection sampling": Known(short("{verifier: exact}"), "open", "renewing", "answers", (("task", "answers"),)),
    "verifiable rewards": Known(short("{verifier: math}", "grpo"), "open", "renewing", "math"),
    "the environment's own scorer": Known(
        short("{environment: true}", "grpo"), "open", "renewing", cut=(("task", "environment"),)
    ),
    "tests that people wrote": Known(
        short("{verifier: unit_tests}", "grpo"),
        "open",
        "renewing",
        cut=(("executor", "unit_tests"), ("task", "unit tests")),
        parts=("task", "executor"),
        says="from task and executor",
    ),
    "tests that it wrote itself and that are run": Known(
        short("{verifier: unit_tests, written_by: student}"),
        "open",
        "renewing",
        "executor",
        (("executor", "unit_tests"),),
        ("executor",),
        says="nothing new about the specification",
    ),
    "tests of its own, as a graph": Known(
        drawn(
            "executor: {kind: task}\ntests: {kind: generator}\nverdict: {kind: signal}\nfilter: {kind: filter}",
            "student > tests; prompts > tests; tests > verdict; executor > verdict; completions > verdict; "
            "verdict > filter; completions > filter; filter > training",
        ),
        "open",
        "renewing",
        "executor",
        (("executor", "verdict"),),
        ("executor",),
    ),
    "a frozen judge of people's labels": Known(
        short("{judge: rm, trained_on: [people]}", "grpo"), "open", "renewing", "judge model"
    ),
    "the model as it was, as judge": Known(
        short("{judge: start}"), "open", "exhaustible", "start", (("start", "judge"),), says="what start knew"
    ),
    "a judge distilled from the student once": Known(
        short("{judge: rm, trained_on: [student]}"), "open", "exhaustible", "start"
    ),
    "a judge distilled once, as a graph": Known(
        drawn(
            "judge: {kind: state, frozen: true}\nscore: {kind: signal}",
            "student > judge; judge > score; completions > score; score > training; completions > training",
        ),
        "open",
        "exhaustible",
        "judge",
        says="what judge knew",
    ),
    "a frozen copy of the student that scores, as a graph": Known(
        drawn(
            "score: {kind: signal, frozen: true}",
            "student > score; completions > score; score > training; completions > training",
        ),
        "open",
        "exhaustible",
        "score",
        (("student", "score"),),
        says="what the student knew before",
    ),
    "a frozen verifier, as a graph": Known(
        drawn(
            "verdict: {kind: signal, frozen: true}",
            "task > verdict; completions > verdict; verdict > training; completions > training",
        ),
        "open",
        "renewing",
        "verdict",
        (("task", "verdict"),),
    ),
    "a judge of people's labels, retrained on the student": Known(
        short("{judge: rm, trained_on: [people, student], frozen: false}", "grpo"),
        "open",
        "decaying",
        "judge model",
        (("task", "judge model"),),
        says="drifts",
    ),
    "a judge retrained on new labels of people in every round": Known(
        drawn(
            "labels: {kind: data}\njudge: {kind: state}\nlearning: {kind: trainer}\nscore: {kind: signal}",
            "task > labels; completions > labels; labels > learning; judge > learning; task > judge; judge > score; "
            "completions > score; score > training; completions > training",
            "learning > judge",
        ),
        "open",
        "renewing",
        "labels",
        (("judge", "score"),),
        says="labels",
    ),
    "a judge retrained on a fixed set of labels beside the student's texts": Known(
        drawn(
            "labels: {kind: data, frozen: true}\njudge: {kind: state}\nlearning: {kind: trainer}\n"
            "score: {kind: signal}",
            "task > labels; labels > learning; completions > learning; judge > learning; labels > judge; "
            "judge > score; completions > score; score > training; completions > training",
            "learning > judge",
        ),
        "open",
        "exhaustible",
        "labels",
    ),
    "fresh rows from the environment": Known(
        short("none", "self", fresh=0.1), "open", "renewing", "fresh", (("task", "fresh"),)
    ),
    "fresh rows from a fixed data set": Known(
        short("none", "self", fresh=0.1).replace("environment: sums", "dataset: rows.parquet"),
        "open",
        "exhaustible",
        "fresh",
    ),
    "a vote and a verifier": Known(
        short("[majority_vote, {verifier: exact}]", "grpo"), "open", "renewing", "exact", (("task", "answers"),)
    ),
    "a rubric read by the student": Known(
        short("{rubric: r.yaml, model: student}"), "open", "renewing", "criteria", (("task", "criteria"),)
    ),
    "documents that never change": Known(
        drawn(
            "documents: {kind: data, frozen: true}", "task > documents; documents > completions; completions > training"
        ),
        "open",
        "exhaustible",
        "documents",
    ),
    "a live search": Known(
        drawn("results: {kind: data}", "task > results; results > completions; completions > training"),
        "open",
        "renewing",
        "results",
        (("task", "results"),),
    ),
    "an environment that answers within the episode": Known(
        drawn("environment: {kind: task}", "environment > completions; completions > training"),
        "open",
        "renewing",
        "environment",
        (("environment", "completions"),),
        ("environment",),
        says="from environment; nothing new about task",
    ),
    "a signal declared drifting": Known(short("{judge: rm, origin: drifting}"), "open", "decaying", "judge"),
    "a verifier beside a judge of whom nothing is known": Known(
        short("[{verifier: exact}, {judge: rm}]", "grpo"), "open", "renewing", "exact"
    ),
}

UNDETERMINED = {
    "a judge of whom nothing is known": Known(short("{judge: rm}"), "undetermined", through="judge model"),
    "a teacher of whom nothing is known": Known(short("{reference: big}", "sft"), "undetermined", through="teacher"),
    "a retrained judge with an unknown beginning": Known(
        short("{judge: rm, frozen: false}"), "undetermined", through="judge model"
    ),
    "a signal of unknown origin": Known(short("{verifier: exact, origin: unknown}"), "undetermined", through="exact"),
    "a reward model without arrows": Known(
        drawn(
            "judge: {kind: state, frozen: true}\nscore: {kind: signal}",
            "judge > score; completions > score; score > training; completions > training",
        ),
        "undetermined",
        through="judge",
    ),
}

LOOPS = {**CLOSED, **OPEN, **UNDETERMINED}
