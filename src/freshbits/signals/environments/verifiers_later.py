"""Environments of `verifiers.v1`: task sets, agents and episodes, with us in the agent's place.

Run by `verifiers_host` in its process, so it needs the standard library and `verifiers` (0.2 and later) only. The
environment's own `run` and `finalize` and the task's own rewards are called; an agent's program and its machine are not
started, so tasks that need those are refused.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from typing import Any


def load(name: str, args: dict[str, Any]) -> Later:
    """Loads an environment by the name of its task set.

    Raises:
        RuntimeError: if its tasks need a container, or hand tools to the model.
    """
    from verifiers.v1.configs.env import EnvConfig
    from verifiers.v1.env import Env
    from verifiers.v1.utils.generic import concrete_type
    from verifiers.v1.utils.loaders import environment_class, taskset_class

    kind = environment_class(name)
    settings = concrete_type(kind, EnvConfig, origin=Env)
    env = kind(settings(taskset={"id": name, **args}))
    task = taskset_class(name).task_type()
    if task.NEEDS_CONTAINER:
        raise RuntimeError(f"{name} needs a container")
    if task.toolsets(env.taskset.config.task) or env.taskset.toolsets(env.taskset.config):
        raise RuntimeError(f"{name} hands tools to the model, and messages are plain text here")
    return Later(name, env)


class Later:
    """Holds a loaded environment."""

    def __init__(self, name: str, env: Any) -> None:
        self.name = name
        self.env = env

    def starts(self, size: int, seed: int) -> list[tuple[dict[str, Any], Any]]:
        """Returns tasks, and what plays each; of a set without end the first ones."""
        tasks = self.env.taskset
        found = []
        for task in (tasks.shuffle(seed) if tasks.bounded else tasks).take(size):
            start = {
                "key": task.key,
                "messages": opening(task.data),
                "answer": getattr(task.data, "answer", None),
                "region": self.name,
            }
            found.append((start, functools.partial(Tried, self, task)))
        return found


class Tried:
    """Plays one task."""

    def __init__(self, owner: Later, task: Any) -> None:
        from verifiers.v1.env import EnvInfo, Episode, TraceTask

        self.owner = owner
        self.task = task
        self.ask: Any = None
        data = TraceTask(type=type(task).__name__, data=task.data, key=task.key, hash=task.hash)
        self.episode = Episode(env=EnvInfo(id=owner.env.config.env_id), task=data)

    async def play(self, ask: Any) -> None:
        """Plays to the end, asking for every message of the model."""
        from verifiers.v1.agent import Agents

        self.ask = ask
        env = self.owner.env
        agents = Agents(env.config, lambda name, spec: Seat(self, name, spec))
        await env.setup(agents)
        await env.run(self.task, agents)

    def last(self) -> list[dict[str, str]]:
        """Returns nothing: an episode ends with the model's message."""
        return []

    def step_reward(self) -> None:
        """Returns None: rewards are given at the end."""

    async def outcome(self, *, stopped: bool) -> dict[str, Any]:  # noqa: ARG002  a stopped one is scored as it is left
        """Lets the environment judge the episode; the task has judged its trace."""
        await self.owner.env.finalize(self.task, self.episode)
        ours = [trace for trace in self.episode.traces if trace.agent.trainable]
        if len(ours) != 1:
            raise RuntimeError(f"{self.owner.name} has {len(ours)} agents to train, and one is played here")
        (trace,) = ours
        parts = {name: None if each is None else float(each.score) for name, each in trace.rewards.items()}
        whole = None if None in parts.values() or not parts else float(trace.reward)
        return {"reward": whole, "components": {**trace.metrics, **parts}}


class Seat:
    """Stands in an agent's place: what it is asked goes out to the model."""

    def __init__(self, driver: Tried, name: str, spec: Any) -> None:
        self.driver = driver
        self.name = name
        self.spec = spec
        self.trainable = True

    async def run(self, task: Any, **_: Any) -> Any:
        """Answers a task in one message; returns the trace."""
        async with self.interaction(task) as talk:
            await talk.turn()
        return talk.trace

    @contextlib.asynccontextmanager
    async def interaction(self, task: Any, **_: Any) -> Any:
        """Opens an exchange, and scores it when it is left."""
        if not self.trainable:
            raise RuntimeError(f"the environment asks a second model ({self.name})")
        talk = Talk(self, task)
        try:
            yield talk
        finally:
            await talk.close()


class Talk:
    """Is an agent's exchange with its environment; `turn` and `trace` as the package's own interaction has them."""

    def __init__(self, seat: Seat, task: Any) -> None:
        from verifiers.v1.state import state_cls
        from verifiers.v1.trace import AgentInfo, Trace, TraceTask

        self.seat = seat
        self.task = task
        self.trace = Trace(
            task=TraceTask(type=type(task).__name__, data=task.data, key=task.key, hash=task.hash),
            state=state_cls(type(task))(),
            agent=AgentInfo(config=seat.spec, name=seat.name, trainable=seat.trainable),
        )
        self._stops = [each for each in task.hooks("stop") if "trace" in inspect.signature(each).parameters]
        self._new = opening(task.data)

    async def turn(self, message: str | None = None) -> Any:
        """Lets the environment say something, and returns what the model answered."""
        from verifiers.v1.agent import Segment
        from verifiers.v1.types import AssistantMessage, SystemMessage, UserMessage

        if self.trace.stop_condition is not None:
            return Segment(messages=[], terminated=True)
        new = [*self._new, *([] if message is None else [{"role": "user", "content": message}])]
        self._new = []
        for each in new:
            kind = SystemMessage if each["role"] == "system" else UserMessage
            self._add(kind(content=each["content"]), sampled=False)
        reply = AssistantMessage(content=await self.seat.driver.ask(new))
        self._add(reply, sampled=True)
        for stop in self._stops:
            found = stop(trace=self.trace)
            if await found if inspect.isawaitable(found) else found:
                self.trace.stop_condition = stop.__name__
        return Segment(messages=[reply])

    def _add(self, message: Any, *, sampled: bool) -> None:
        from verifiers.v1.graph import MessageNode

        parent = len(self.trace.nodes) - 1
        self.trace.nodes.append(MessageNode(parent=parent if parent >= 0 else None, message=message, sampled=sampled))

    async def close(self) -> None:
        """Scores the exchange by the task's own rewards, without a machine to run things on."""
        self.trace.is_completed = True
        await self.task.score(self.trace)
        self.trace.ok = True
        self.seat.driver.episode.traces.append(self.trace)


def opening(data: Any) -> list[dict[str, str]]:
    """Returns the messages that a task begins with."""
    system = [{"role": "system", "content": data.system_prompt}] if data.system_prompt else []
    if isinstance(data.prompt, str):
        return [*system, {"role": "user", "content": data.prompt}]
    given = [message if isinstance(message, dict) else message.model_dump() for message in data.prompt or []]
    return [*system, *({"role": str(each["role"]), "content": str(each.get("content") or "")} for each in given)]
