"""The declaration of a loop: a short form that says what is generated, scored and trained on; or the graph itself.

The short form is YAML with the keys below (`Loop.read`), or Python (`Loop(name=…, task={…}, …)`). Every default is
filled in, so `Loop.dumps` writes the resolved loop, and reading that gives an equal loop. Keys that nobody knows and
values of the wrong type are refused in one sentence with file, line and place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from freshbits.loop import text as texts
from freshbits.loop.faults import fault, nearest
from freshbits.loop.kinds import KINDS
from freshbits.loop.parts import Allocation, Meter, Model, Name, Origin, Part, Signal, Task, Train, UnclearError
from freshbits.loop.shapes import SHAPES, filled

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self


class Declaration(Part):
    """Is read from YAML, JSON or Python, and written back."""

    def __init__(self, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise fault(error, type(self), data, None) from None

    # Tells pydantic that reading from a text need not come through here, where the lines are not known.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Reads the declaration from a YAML or JSON file.

        Raises:
            InputError: with file, line and place of what is wrong.
        """
        return cls.of(texts.read(path))

    @classmethod
    def loads(cls, text: str) -> Self:
        """Reads the declaration from YAML or JSON text."""
        return cls.of(texts.parse(text))

    @classmethod
    def of(cls, text: texts.Text) -> Self:
        """Builds the declaration from a text that was read."""
        try:
            return cls.model_validate(text.data)
        except ValidationError as error:
            raise fault(error, cls, text.data, text) from None

    def data(self) -> dict[str, Any]:
        """Returns the declaration as plain data with every default filled in."""
        return self.model_dump(by_alias=True, exclude_none=True)

    def dumps(self, form: Literal["yaml", "json"] = "yaml") -> str:
        """Writes the declaration with every default filled in; reading it gives an equal one."""
        return texts.write_json(self.data()) if form == "json" else texts.write(self.data())


class Loop(Declaration):
    """Declares a generation-training loop in its short form; `shape` fills in a ready-made one (`loop.shapes`).

    Raises:
        InputError: if a key is unknown or missing, a value is of the wrong type, or two do not go together.

    >>> loop = Loop(name="sums", task={"environment": "sums"}, model={"config": "tiny"},
    ...             signal={"verifier": "exact"}, train={"method": "rft"})
    >>> loop.signals[0].name, loop.train.learning_rate, Loop.loads(loop.dumps()) == loop
    ('exact', 0.0003, True)
    >>> Loop(task={"environment": "sums"}, model={"config": "tiny"}, train={"method": "rft", "round": 3})
    Traceback (most recent call last):
        ...
    freshbits.errors.InputError: column 'train.round': train has no key 'round'; write 'rounds'.
    """

    name: Name = "loop"
    task: Task
    model: Model
    signals: Annotated[list[Signal], Field(alias="signal", min_length=1, max_length=32)]
    allocation: Allocation = Allocation()
    train: Train
    meter: Meter = Meter()
    seed: int = 0

    def data(self) -> dict[str, Any]:
        """Returns the declaration as plain data with every default filled in; one signal stands without a list."""
        found = super().data()
        if len(self.signals) == 1:
            found["signal"] = found["signal"][0]
        if self.allocation == Allocation():
            found["allocation"] = "uniform"
        return found

    @model_validator(mode="before")
    @classmethod
    def _filled(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        data = _shaped(dict(data))
        given = data.get("signal")
        if given is None or given == {}:
            given = "none"
        if not isinstance(given, list):
            data["signal"] = [given]
        if isinstance(data.get("allocation"), str):
            data["allocation"] = {"rule": data["allocation"]}
        model, train = data.get("model"), data.get("train")
        if isinstance(model, dict) and isinstance(train, dict) and "learning_rate" not in train:
            rate = 3e-4 if model.get("config") else 1e-4 if model.get("peft") is not None else 1e-5
            data["train"] = {**train, "learning_rate": rate}
        return data

    @field_validator("signals")
    @classmethod
    def _apart(cls, signals: list[Signal]) -> list[Signal]:
        names = [signal.name for signal in signals]
        twice = [name for name in names if names.count(name) > 1]
        if twice:
            raise UnclearError(f"two signals are called {twice[0]!r}", "give each its own name")
        if len(signals) > 1 and any(signal.kind == "none" for signal in signals):
            raise UnclearError("none stands beside other signals", "leave it out")
        return signals

    @model_validator(mode="after")
    def _together(self) -> Loop:
        kinds = {signal.kind for signal in self.signals}
        method = self.train.method
        if method == "sft" and "reference" not in kinds:
            raise UnclearError(
                "sft is trained on references", "give signal: {reference: task}, or method: rft", "signal"
            )
        if self.allocation.rule != "uniform" and (method in ("self", "sft") or self.train.fresh):
            problem = f"allocation {self.allocation.rule} goes by verdicts on a round's own completions"
            raise UnclearError(
                problem, "use method: rft or grpo without fresh rows, or allocation: uniform", "allocation"
            )
        if method in ("rft", "grpo") and kinds & {"none", "reference"}:
            mend = "method: sft" if "reference" in kinds else "give a signal, or method: self"
            raise UnclearError(f"{method} needs a signal that scores completions", mend, "signal")
        return self


def _shaped(data: dict[str, Any]) -> dict[str, Any]:
    """Fills in what the shape says that the declaration names."""
    if "shape" not in data:
        return data
    name = data.pop("shape")
    shape = SHAPES.get(name) if isinstance(name, str) else None
    if shape is None:
        like = nearest(str(name), list(SHAPES))
        raise UnclearError(f"{name!r} is no shape", f"write {like or ', '.join(SHAPES)}", "shape")
    found = filled(shape, data)
    if shape.value is None and isinstance(found["signal"], dict) and not set(found["signal"]) & set(KINDS):
        raise UnclearError(f"the shape {name} leaves one name open", f"give signal: {{{shape.kind}: NAME}}", "signal")
    return found


class Node(Part):
    """Declares one node of a loop that is drawn as a graph.

    Attributes:
        kind: `task`: a part of what is really right, never seen whole (the specification, what an executor does);
            `prompts`: a round's prompts; `data`: rows, texts, labels; `state`: a model's weights; `generator`: what a
            model writes in a round; `signal`: scores; `filter`: chooses rows; `trainer`: makes the next round's model.
        origin: where it comes from, where the edges do not say it.
        frozen: whether it is the same in every round.
    """

    kind: Literal["task", "prompts", "data", "state", "generator", "signal", "filter", "trainer"]
    origin: Origin | None = None
    frozen: bool = False


Edge = Annotated[list[Name], Field(min_length=2, max_length=2)]


class Graph(Declaration):
    """Declares a loop as a graph: its nodes, who reads whom inside a round, and what is carried to the next round.

    An edge into a state, or into data that a round hands on, says what it began from.

    Raises:
        InputError: if an edge names no node, or the rounds run in a circle.

    >>> graph = Graph(nodes={"task": {"kind": "task"}, "student": {"kind": "state"}, "training": {"kind": "trainer"}},
    ...               edges=[["student", "training"]], next_round=[["training", "student"]])
    >>> graph.nodes["student"].kind
    'state'
    """

    name: Name = "loop"
    nodes: Annotated[dict[Name, Node], Field(min_length=1, max_length=64)]
    edges: Annotated[list[Edge], Field(max_length=512, default_factory=list)]
    next_round: Annotated[list[Edge], Field(max_length=64, default_factory=list)]

    @model_validator(mode="after")
    def _known(self) -> Graph:
        for key in ("edges", "next_round"):
            for at, edge in enumerate(getattr(self, key)):
                for end in edge:
                    if end not in self.nodes:
                        like = nearest(end, list(self.nodes))
                        mend = f"write {like!r}" if like else f"the nodes are {', '.join(self.nodes)}"
                        raise UnclearError(f"there is no node {end!r}", mend, key, at)
                if self.nodes[edge[1]].kind == "task":
                    problem = f"{edge[0]!r} leads to {edge[1]!r}, a part of the task, which nothing changes"
                    raise UnclearError(problem, "turn the arrow round, or give it another kind", key, at)
        return self
