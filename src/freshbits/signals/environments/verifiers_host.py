"""Plays environments of the package `verifiers` in a killable process; our words in the place of its model's.

Run by its file, often by another interpreter, so it needs the standard library and `verifiers` only. An environment
there drives the model and not the other way round: it asks, and waits for a completion. Here that question is handed
out and answered by the next `step`. Two generations of the package are known: those with `load_environment` and
`MultiTurnEnv` (`verifiers_classic`), and the later ones with task sets, agents and episodes (`verifiers_later`).

One request is one JSON object; `answered` says which there are. Episodes are kept by their number. One that is not
there any more, because the process was killed for another, is played again from its messages.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Any

LOOP = asyncio.new_event_loop()
HELD: dict[str, Any] = {}  # the environment, its starts, its episodes


class FailedError(Exception):
    """Says why an environment cannot be played or an episode cannot go on."""


def answered(request: dict[str, Any]) -> Any:
    """Answers one request.

    {load, args}: loads an environment; says its version, its name and whether it is of the later generation.
    {starts, size, seed}: its prompts, each `{key, messages, answer, region}`.
    {reset, key, seed}: begins episode number `reset`; its first messages.
    {step, key, seed, said, heard}: takes the last of `said`; `{messages, done, reward}`.
    {outcome, key, seed, said, heard}: `{reward, components}`.
    """
    if "load" in request:
        return _load(request["load"], request["args"])
    if "starts" in request:
        return _starts(request["size"], request["seed"])
    kind = next(name for name in ("reset", "step", "outcome") if name in request)
    number, said, heard = request[kind], request.get("said", []), request.get("heard", [])
    talks = HELD.setdefault("talks", {})
    talk = talks.get(number)
    if kind == "reset" or talk is None or talk.said != len(said) - (kind == "step"):
        talk = talks[number] = _again(request["key"], said[:-1] if kind == "step" else said, heard)
    if kind == "reset":
        return talk.heard
    if kind == "step":
        return talk.step(said[-1])
    try:
        return LOOP.run_until_complete(talk.outcome())
    finally:
        del talks[number]


def _again(key: str, said: list[str], heard: list[Any]) -> Talk:
    _, made = HELD["starts"][key]
    talk = Talk(made)
    talk.begin()
    for message, before in zip(said, heard, strict=True):
        now = talk.step(message)["messages"]
        if now != before:
            raise FailedError(f"{HELD['name']} answered otherwise when it was played again")
    return talk


class Talk:
    """Is one episode: a coroutine of the environment that waits for the model, which is us."""

    def __init__(self, made: Any) -> None:
        self.driver = made()
        self.said = 0
        self.heard: list[Any] = []
        self.rewards = 0
        self._asked: asyncio.Event = asyncio.Event()
        self._reply: asyncio.Future[str] | None = None
        self._task: asyncio.Task[None] | None = None

    async def ask(self, messages: list[Any]) -> str:
        """Hands out a question of the environment, and waits for the model's answer."""
        self.heard = messages
        self._reply = LOOP.create_future()
        self._asked.set()
        return await self._reply

    def begin(self) -> None:
        """Runs the environment to its first question."""
        self._task = LOOP.create_task(self.driver.play(self.ask))
        self._until_asked()
        if self._task.done():
            raise FailedError(f"{HELD['name']} ended before it asked anything")

    def step(self, message: str) -> dict[str, Any]:
        """Answers the question, and runs the environment to the next or to its end."""
        assert self._reply is not None
        assert self._task is not None
        if self._task.done():
            raise FailedError(f"{HELD['name']} had ended")
        self._asked.clear()
        self.heard = []
        self.said += 1
        self._reply.set_result(message)
        self._until_asked()
        done = self._task.done()
        return {
            "messages": self.driver.last() if done else self.heard,
            "done": done,
            "reward": self.driver.step_reward(),
        }

    def _until_asked(self) -> None:
        assert self._task is not None
        waiting = LOOP.create_task(self._asked.wait())
        LOOP.run_until_complete(asyncio.wait({waiting, self._task}, return_when=asyncio.FIRST_COMPLETED))
        waiting.cancel()
        if self._task.done() and (error := self._task.exception()) is not None:
            raise FailedError(f"{type(error).__name__}: {error}")

    async def outcome(self) -> dict[str, Any]:
        """Judges the episode; one that is under way is ended first."""
        assert self._task is not None
        stopped = not self._task.done()
        if stopped:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        found: dict[str, Any] = await self.driver.outcome(stopped=stopped)
        return found


def _load(name: str, args: dict[str, Any]) -> dict[str, Any]:
    later = importlib.util.find_spec("verifiers.envs") is None
    place = Path(__file__).with_name("verifiers_later.py" if later else "verifiers_classic.py")
    spec = importlib.util.spec_from_file_location(place.stem, place)
    assert spec is not None
    assert spec.loader is not None
    driver = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(driver)
    HELD.update(name=name, environment=driver.load(name, args))
    return {"version": importlib.metadata.version("verifiers")}


def _starts(size: int, seed: int) -> list[dict[str, Any]]:
    HELD["starts"] = {start["key"]: (start, make) for start, make in HELD["environment"].starts(size, seed)}
    return [start for start, _ in HELD["starts"].values()]
