"""The parts of a declaration: task, model, signal, training, meter."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, model_validator

from freshbits.loop.kinds import KINDS, OWN

Origin = Literal["external", "memory", "own_state", "drifting", "unknown"]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[\w][\w .\-]*$")]
Word = Annotated[str, Field(min_length=1, max_length=4_000)]
Share = Annotated[float, Field(ge=0, lt=1)]
Chance = Annotated[float, Field(ge=0, le=1)]
Beta = Annotated[str, Field(pattern=r"^beta:[0-9.]+,[0-9.]+$")]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
Rate = Chance | Annotated[list[Chance], Field(min_length=3, max_length=3)]

_CALLED = {"majority_vote": "majority"}  # elsewhere `freshbits score --signal majority`


class UnclearError(ValueError):
    """Says what does not go together in a declaration, and how to mend it."""

    def __init__(self, problem: str, mend: str, *place: str | int) -> None:
        self.mend = mend
        self.place = place
        super().__init__(problem)


class Part(BaseModel):
    """Is frozen, strict about types, and knows every key."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, allow_inf_nan=False, populate_by_name=True, protected_namespaces=()
    )


def exactly_one(part: Part, keys: tuple[str, ...], what: str) -> None:
    """Refuses a part that has none or several of these keys."""
    given = [key for key in keys if getattr(part, key) is not None]
    if len(given) != 1:
        found = f"{what} has {' and '.join(given)}" if given else f"{what} is not said"
        raise UnclearError(found, f"give one of {', '.join(keys)}")


class Task(Part):
    """Declares where prompts come from; exactly one of environment, world and dataset.

    Attributes:
        environment: name of an environment that draws prompts and can score completions (`sums`, a reasoning-gym name).
        world: name of an exact small world.
        dataset: path or name of a data set: fixed prompts, fixed answers.
        size: how many prompts there are; None: all that the data set has (an environment draws 100).
        seed: draws the prompts.
        held_out: share of the prompts that the meter keeps and training never sees.
        prompt, answer: columns of the data set.
        split: its split.
        options: passed to the environment, the world or the reader.
    """

    environment: Word | None = None
    world: Word | None = None
    dataset: Word | None = None
    size: Count | None = None
    seed: int = 0
    held_out: Share = 0.2
    prompt: Word = "prompt"
    answer: Word = "answer"
    split: Word | None = None
    options: dict[str, JsonValue] = {}

    @model_validator(mode="after")
    def _one(self) -> Task:
        exactly_one(self, ("environment", "world", "dataset"), "a task")
        return self

    @property
    def fixed(self) -> bool:
        """Tells whether the task's rows are a fixed set, which nothing can draw from anew."""
        return self.dataset is not None


class Served(Part):
    """Declares an OpenAI-compatible server that writes in the student's place.

    Attributes:
        url: where it is (`http://localhost:8000/v1`).
        model: the name it serves the student under.
        reload: command that brings new weights to it, run before every round writes; `{weights}` in it is the folder.
    """

    url: Word
    model: Word
    reload: Word | None = None


class Model(Part):
    """Declares the student; exactly one of config, name and path.

    Attributes:
        config: a small model that comes along (`tiny`: right in about half of its sums).
        name: a Hugging Face name.
        path: a folder with a saved model.
        peft: options of a low-rank adapter (`{r: 8}`); None trains all weights.
        dtype: number format of the weights.
        device: where it runs.
        revision: of a Hugging Face name.
        options: passed to what builds the model.
        engine: what writes: `transformers`, or `vllm`.
        engine_options: passed to vLLM.
        server: a server that writes instead.
        base_rate: how often it is right before training: a share, one per prompt, or `beta:a,b`; for the projection.
    """

    config: Word | None = None
    name: Word | None = None
    path: Word | None = None
    peft: dict[str, JsonValue] | None = None
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    device: Word = "auto"
    revision: Word | None = None
    options: dict[str, JsonValue] = {}
    engine: Literal["transformers", "vllm"] = "transformers"
    engine_options: dict[str, JsonValue] = {}
    server: Served | None = None
    base_rate: Chance | Beta | Annotated[list[Chance], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one(self) -> Model:
        exactly_one(self, ("config", "name", "path"), "a model")
        if self.server is not None and self.engine == "vllm":
            raise UnclearError("a model has an engine and a server", "leave out one of them", "server")
        return self

    @property
    def what(self) -> str:
        """Returns the one of config, name and path that is given."""
        return self.config or self.name or self.path or ""


class Signal(Part):
    """Declares one signal; exactly one of the kinds.

    Attributes:
        verifier: a check by rule (`exact`, `numeric`, `math`, `unit_tests`, …).
        environment: `true` (the task's own scorer), or a part of its reward (`success`, `step_reward`).
        rubric: a file of criteria, read by `model`.
        reference: completions to be trained on: `task` (the task's own, fixed), a teacher model's name (asked anew in
            every round), `start` (the model as it was before the loop), `student` (its own).
        judge: a model that scores: its name, or `start`.
        self_judge: the student scores its own completions.
        majority_vote: agreement with the student's most frequent answer.
        confidence: the student's own probability of its completion.
        random: by lot: `true`, or the share that is accepted.
        none: nothing is scored.
        name: column that its scores go to.
        written_by: who wrote the answers or the tests that a verifier holds completions against.
        trained_on: what a judge, a teacher or a rubric's model learned from: `people` (people's labels, or other data
            that this student had no part in), `student` (this student's completions, votes or scores), or both.
        frozen: whether a judge stays as it is; if not, it is trained again on the student's completions every round.
        model: reads a rubric: a model's name, or `student`.
        origin: where verdicts come from, where you know better: external, memory, own_state, drifting, unknown.
        accept: score from which a completion counts as accepted.
        weight: its weight in the reward, where there are several.
        tpr, fpr: how often right and wrong completions are accepted, or [value, low, high]; for the projection.
        options: passed to the signal.
    """

    verifier: Word | None = None
    environment: Word | Literal[True] | None = None
    rubric: Word | None = None
    reference: Word | None = None
    judge: Word | None = None
    self_judge: Literal[True] | None = None
    majority_vote: Literal[True] | None = None
    confidence: Literal[True] | None = None
    random: Chance | Literal[True] | None = None
    none: Literal[True] | None = None
    name: Name = ""
    written_by: Literal["task", "student"] = "task"
    trained_on: list[Literal["people", "student"]] | None = None
    frozen: bool = True
    model: Word | None = None
    origin: Origin | None = None
    accept: float | None = None
    weight: float = 1.0
    tpr: Rate | None = None
    fpr: Rate | None = None
    options: dict[str, JsonValue] = {}

    @model_validator(mode="before")
    @classmethod
    def _named(cls, data: Any) -> Any:
        if isinstance(data, str):
            data = {data: True}
        if isinstance(data, dict) and data.get("reference") is True:
            data = {**data, "reference": "task"}
        if isinstance(data, dict) and isinstance(data.get("trained_on"), str):
            data = {**data, "trained_on": [data["trained_on"]]}
        if isinstance(data, dict) and not data.get("name"):
            given = [kind for kind in KINDS if data.get(kind) is not None]
            if len(given) == 1:
                named = given[0] == "verifier" or (given[0] == "environment" and data[given[0]] is not True)
                what = data[given[0]] if named else _CALLED.get(given[0], given[0])
                data = {**data, "name": what}
        return data

    @model_validator(mode="after")
    def _whole(self) -> Signal:
        exactly_one(self, KINDS, "a signal")
        if self.kind in OWN and self.origin not in (None, "own_state"):
            what = "by lot" if self.kind in ("random", "none") else "a function of the model's own outputs"
            raise UnclearError(f"the signal {self.kind} is {what}, not {self.origin}", "leave origin out")
        for key, kinds in (("written_by", ("verifier",)), ("model", ("rubric",)), ("frozen", ("judge",)),
                           ("trained_on", ("judge", "reference", "rubric"))):  # fmt: skip
            if self.kind not in kinds and getattr(self, key) != type(self).model_fields[key].default:
                raise UnclearError(f"{key} says nothing of the signal {self.kind}", f"it is of {' or '.join(kinds)}")
        return self

    @property
    def kind(self) -> str:
        """Returns which kind of signal it is: `verifier`, `judge`, …."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def what(self) -> Any:
        """Returns the value of its kind: the verifier's name, the judge's model, the share accepted by lot."""
        return getattr(self, self.kind)


class Balanced(Part):
    """Declares features that training is not to follow, whatever the signals pay for them.

    Attributes:
        against: names of counted features (`characters`, `bullets`, …) or of those below.
        how: `rebalance` (rows of the round in which they say nothing about the reward), `groups` (the same inside every
            group, as the online filter does), `even` (of the accepted rows as many at each level as all rows have; rft
            only), `reward` (all rows, rewards at equal features; grpo only).
        features: features of one's own, as `freshbits audit --feature` takes them (`mark=matches:!$`).
    """

    against: Annotated[list[Word], Field(min_length=1)]
    how: Literal["rebalance", "groups", "even", "reward"] = "groups"
    features: list[Word] = []


class Allocation(Part):
    """Declares which prompts a round asks.

    Attributes:
        rule: `uniform`: the same ones in every round, the task's first; else `train.prompts` of all that the task
            trains on are chosen anew for every round: `expected_variance` (by E[p(1-p)] under a belief about each
            prompt's pass rate), `expected_deviation` (by E[√(p(1-p))], for advantages divided by the group's
            deviation), `m(1-m)` (by its mean alone), `information` (what a verdict says about the rate),
            `by_lot` (each once before any comes again).
        sharpness: they take turns, each as often as the rule's score to this power: 0 is by lot, large takes the best.
            The more often prompts have come again, the more the score also counts what a verdict says about the rate.
        learn: whether pass rates of prompts that were not asked are predicted from their texts.
    """

    rule: Literal["uniform", "expected_variance", "expected_deviation", "m(1-m)", "information", "by_lot"] = "uniform"
    sharpness: Annotated[float, Field(ge=0, le=100)] = 4.0
    learn: bool = True


class Train(Part):
    """Declares what a round draws and how the student learns from it.

    Attributes:
        method: `self` (on its own completions, unfiltered), `sft` (on references), `rft` (on accepted completions),
            `grpo` (policy gradient).
        rounds: how often.
        prompts: prompts per round; None: all that are not held out.
        samples: completions per prompt.
        keep: accepted rows kept per prompt at most; None: all.
        pool: `replace` the rows of earlier rounds, or `accumulate` them.
        fresh: share of a round's rows that are the task's own reference completions.
        temperature: of sampling.
        max_tokens: length of a completion at most.
        learning_rate: 3e-4 for built-in models, 1e-4 for adapters, else 1e-5.
        epochs: a round has as many updates as so many passes over all its completions, whatever is kept of them: loops
            of different methods are then trained equally long.
        steps: updates in a round, said outright.
        batch: rows per update.
        target: accuracy to be reached, for the projection.
        balance: features that are not to be learned, and how that is done.
    """

    method: Literal["self", "sft", "rft", "grpo"]
    rounds: Annotated[int, Field(ge=1, le=100_000)] = 8
    prompts: Count | None = None
    samples: Annotated[int, Field(ge=1, le=100_000)] = 8
    keep: Count | None = None
    pool: Literal["replace", "accumulate"] = "replace"
    fresh: Share = 0.0
    temperature: Annotated[float, Field(gt=0, le=100)] = 1.0
    max_tokens: Count = 256
    learning_rate: Annotated[float, Field(gt=0)] = 1e-5
    epochs: Count = 2
    steps: Count | None = None
    batch: Count = 64
    target: Annotated[float, Field(gt=0, lt=1)] | None = None
    balance: Balanced | None = None

    @model_validator(mode="after")
    def _balanced(self) -> Train:
        if self.balance is not None and self.method in ("self", "sft"):
            raise UnclearError(
                f"{self.method} follows no signal: there is nothing to balance", "leave it out", "balance"
            )
        if self.balance is not None and self.balance.how == "reward" and self.method == "rft":
            raise UnclearError("rft accepts or rejects: it has no reward to control", "how: groups", "balance", "how")
        if self.balance is not None and self.balance.how == "even" and self.method == "grpo":
            raise UnclearError("grpo learns from rejected rows too", "how: groups", "balance", "how")
        return self


class Meter(Part):
    """Declares how the student is measured on held-out prompts; training never sees it.

    Attributes:
        truth: a verifier's name, or `environment`: the task's own scorer.
        samples: completions per held-out prompt.
        exact: false: sample even where every right answer can be listed, which takes as long as a round of training.
    """

    truth: Word = "environment"
    samples: Count = 8
    exact: Literal[False] | None = None
