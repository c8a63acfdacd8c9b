"""Environments of verifiers with `load_environment`, `MultiTurnEnv` and a rubric: played by their own `rollout`.

Run by `verifiers_host` in its process, so it needs the standard library and `verifiers` (0.1) only.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from typing import Any

DRIVER = "info_of_freshbits"  # key of an episode's input under which its player stands


def load(name: str, args: dict[str, Any]) -> Classic:
    """Loads an environment by its name.

    Raises:
        RuntimeError: if it has no turns, or hands tools to the model.
    """
    import verifiers as vf

    env = vf.load_environment(name, **args)
    if not isinstance(env, vf.MultiTurnEnv):
        raise RuntimeError(f"{name} is no MultiTurnEnv but a {type(env).__name__}")
    if getattr(env, "oai_tools", None) or getattr(env, "tool_defs", None):
        raise RuntimeError(f"{name} hands tools to the model, and messages are plain text here")
    return Classic(name, env)


class Classic:
    """Holds a loaded environment."""

    def __init__(self, name: str, env: Any) -> None:
        self.name = name
        self.env = env
        self.faults: list[str] = []
        env.get_model_response = self._complete
        self._watch(env.rubric)

    def starts(self, size: int, seed: int) -> list[tuple[dict[str, Any], Any]]:
        """Returns rows of the data set, and what plays each."""
        rows = self.env.get_dataset(n=-1)
        found = []
        for row in rows.shuffle(seed=seed).select(range(min(size, len(rows)))).to_list():
            asked = row["prompt"] if isinstance(row["prompt"], list) else [{"role": "user", "content": row["prompt"]}]
            start = {
                "key": str(row["example_id"]),
                "messages": [plain(message) for message in asked],
                "answer": row.get("answer") or None,
                "region": self.name,
            }
            found.append((start, functools.partial(Row, self, row)))
        return found

    async def _complete(self, state: Any, prompt: Any, *_: Any, **__: Any) -> Any:
        """Answers in the place of the model, in the form that this version reads."""
        text = await state["input"][DRIVER].answer(state, list(prompt))
        with contextlib.suppress(ImportError):
            from verifiers.types import Response, ResponseMessage

            message = ResponseMessage(content=text, finish_reason="stop", is_truncated=False)
            return Response(id="freshbits", created=0, model="freshbits", message=message)
        from openai.types.chat import ChatCompletion

        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
        held = {"id": "freshbits", "object": "chat.completion", "created": 0, "model": "freshbits", "choices": [choice]}
        return ChatCompletion.model_validate(held)

    def _watch(self, rubric: Any) -> None:
        """Notes what reward functions raise: the package itself takes that for a score of 0."""
        for inner in getattr(rubric, "rubrics", []):
            self._watch(inner)
        for at, function in enumerate(getattr(rubric, "funcs", [])):
            rubric.funcs[at] = self._watched(function)

    def _watched(self, function: Any) -> Any:
        @functools.wraps(function)
        async def watched(*args: Any, **kwargs: Any) -> Any:
            try:
                found = function(*args, **kwargs)
                return await found if inspect.isawaitable(found) else found
            except Exception as error:
                self.faults.append(f"{function.__name__}: {type(error).__name__}: {error}")
                raise

        return watched


class Row:
    """Plays one row of an environment's data set."""

    def __init__(self, owner: Classic, row: dict[str, Any]) -> None:
        self.owner = owner
        self.row = row
        self.state: Any = None
        self.ask: Any = None
        self.known = 0  # messages of the conversation that the model has seen or written

    def __deepcopy__(self, _: Any) -> Row:
        return self  # the environment copies its inputs, and this one is no data

    async def play(self, ask: Any) -> None:
        """Plays to the end, asking for every message of the model."""
        self.ask = ask
        self.state = await self.owner.env.rollout({**self.row, DRIVER: self}, None, "freshbits")
        if self.state.get("error") is not None:
            raise RuntimeError(str(self.state["error"]))

    async def answer(self, state: Any, prompt: list[Any]) -> str:
        """Hands out what is new in a prompt, and returns the model's message."""
        self.state = state
        new = [plain(message) for message in prompt[self.known :]]
        self.known = len(prompt) + 1
        text: str = await self.ask(new)
        return text

    def last(self) -> list[dict[str, str]]:
        """Returns what the environment said after the last message."""
        return [plain(message) for message in self.state.get("final_env_response") or []]

    def step_reward(self) -> float | None:
        """Returns the reward that the environment wrote on the last step; None where it writes none."""
        steps = self.state["trajectory"]
        return None if not steps or steps[-1]["reward"] is None else float(steps[-1]["reward"])

    async def outcome(self, *, stopped: bool) -> dict[str, Any]:
        """Lets the rubric judge the episode."""
        env = self.owner.env
        if stopped:
            await env.render_completion(self.state)
        self.owner.faults.clear()
        limited = "score_sem" in inspect.signature(env.rubric.score_rollout).parameters
        await env.rubric.score_rollout(self.state, **({"score_sem": contextlib.nullcontext()} if limited else {}))
        if self.owner.faults:
            raise RuntimeError(self.owner.faults[0])
        parts = {name: None if value is None else float(value) for name, value in self.state["metrics"].items()}
        return {"reward": float(self.state["reward"]), "components": parts}


def plain(message: Any) -> dict[str, str]:
    """Returns role and text of a message, whatever it is an object of.

    >>> plain({"role": "user", "content": "1+1?"})
    {'role': 'user', 'content': '1+1?'}
    """
    held = message if isinstance(message, dict) else message.model_dump()
    if held.get("tool_calls"):
        raise RuntimeError("the environment speaks of tool calls, and messages are plain text here")
    content = held.get("content")
    if isinstance(content, list):
        content = "\n".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return {"role": str(held.get("role", "user")), "content": str(content or "")}
