"""Other engines that write for a loop: an OpenAI-compatible server, and vLLM in this process.

The student changes in every round, so an engine is given its weights before it writes: vLLM loads them, a server is
told by a command of yours. Log-probabilities are this process's own, from the weights that the round keeps on disk, so
a server that writes with other weights shows in them.
"""

from __future__ import annotations

import asyncio
import shlex
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.loop.generate import Drawn
from freshbits.loop.model.likelihood import logprobs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from freshbits.loop.model.model import Model
    from freshbits.loop.parts import Served

AT_ONCE = 64  # requests that wait for a server side by side
TRIES = 5  # of the client, with pauses that grow
SECONDS = 600.0  # the longest that one request may take
LONGEST_RELOAD = 3600.0  # seconds that a command may take to bring new weights to a server


@dataclass(frozen=True)
class Remote:
    """Draws through an OpenAI-compatible server's `/completions`, many requests side by side.

    Attributes:
        model: the student as this process holds it.
        most: tokens of a completion at most.
        served: where the server is, and how it is given new weights.
    """

    model: Model
    most: int
    served: Served

    def generate(self, prompts: Sequence[str], temperature: float, seed: int) -> list[Drawn]:
        """Draws one completion per prompt, in order; whether a seed repeats them is the server's affair.

        Raises:
            InputError: if the command fails, or the server gives no completion after five tries.
        """
        if self.served.reload is not None:
            with exported(self.model) as folder:
                _run(self.served.reload, folder)
                return self._drawn(prompts, temperature, seed)
        return self._drawn(prompts, temperature, seed)

    def _drawn(self, prompts: Sequence[str], temperature: float, seed: int) -> list[Drawn]:
        asked = [self.model.encode_prompt(prompt) for prompt in prompts]
        texts = [self.model.tokenizer.decode(ids) for ids in asked]
        found = asyncio.run(self._ask(texts, temperature, seed))
        written = [
            self.model.encode_completion(text) if ended else self.model.encode_completion(text)[:-1]
            for text, ended in found
        ]
        values = logprobs(self.model.network, self.model.pad, asked, written)
        return [
            Drawn(text, tuple(ids), value, not ended)
            for (text, ended), ids, value in zip(found, written, values, strict=True)
        ]

    async def _ask(self, prompts: Sequence[str], temperature: float, seed: int) -> list[tuple[str, bool]]:
        """Returns each completion, and whether it came to its end."""
        import os

        try:
            import openai
        except ImportError:
            raise InputError(
                "a server is asked by the package openai", mend="pip install 'freshbits[signals]'"
            ) from None
        places = asyncio.Semaphore(AT_ONCE)
        key = os.environ.get("OPENAI_API_KEY", "none")
        async with openai.AsyncOpenAI(
            base_url=self.served.url, api_key=key, max_retries=TRIES, timeout=SECONDS
        ) as client:

            async def one(place: int, prompt: str) -> tuple[str, bool]:
                async with places:
                    answer = await client.completions.create(
                        model=self.served.model,
                        prompt=prompt,
                        max_tokens=self.most,
                        temperature=temperature,
                        top_p=1.0,
                        seed=(seed + place) % (1 << 31),
                    )
                choice = answer.choices[0]
                return choice.text, choice.finish_reason != "length"

            try:
                return list(await asyncio.gather(*(one(place, prompt) for place, prompt in enumerate(prompts))))
            except (openai.OpenAIError, IndexError) as error:
                raise InputError(
                    f"the server {self.served.url} gave no completion ({type(error).__name__}: {error})",
                    mend="see that it serves this model, then go on with --resume",
                ) from None


@dataclass(frozen=True)
class Vllm:
    """Draws by vLLM in this process, with the round's weights; needs a GPU and `pip install vllm`.

    Attributes:
        model: the student as this process holds it.
        most: tokens of a completion at most.
        options: passed to `vllm.LLM` (`{gpu_memory_utilization: 0.4}`).
    """

    model: Model
    most: int
    options: dict[str, Any]

    def generate(self, prompts: Sequence[str], temperature: float, seed: int) -> list[Drawn]:
        """Draws one completion per prompt, in order.

        Raises:
            InputError: if vLLM is not installed.
        """
        try:
            from vllm import LLM, SamplingParams
        except ImportError:
            raise InputError("vLLM is not installed", mend="pip install vllm, or leave out engine: vllm") from None
        asked = [self.model.encode_prompt(prompt) for prompt in prompts]
        with exported(self.model) as folder:
            engine = LLM(model=str(folder), seed=seed, **self.options)
            sampling = [
                SamplingParams(temperature=temperature, top_p=1.0, top_k=-1, max_tokens=self.most, seed=seed + place)
                for place in range(len(asked))
            ]
            found = engine.generate([{"prompt_token_ids": ids} for ids in asked], sampling, use_tqdm=False)
        written = [list(each.outputs[0].token_ids) for each in found]
        values = logprobs(self.model.network, self.model.pad, asked, written)
        texts = self.model.tokenizer.batch_decode(written, skip_special_tokens=True)
        return [
            Drawn(text, tuple(ids), value, each.outputs[0].finish_reason == "length")
            for text, ids, value, each in zip(texts, written, values, found, strict=True)
        ]


@contextmanager
def exported(model: Model) -> Iterator[Path]:
    """Writes a model as Hugging Face writes it, an adapter merged into it, into a folder that goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="freshbits-") as name:
        network = model.network
        if model.adapter:
            network.merge_adapter()
        try:
            whole = network.get_base_model() if model.adapter else network
            state = {key.replace(".base_layer", ""): value for key, value in whole.state_dict().items()}
            kept = {key: value for key, value in state.items() if "lora_" not in key}
            whole.save_pretrained(name, state_dict=kept)
        finally:
            if model.adapter:
                network.unmerge_adapter()
        model.tokenizer.save_pretrained(name)
        yield Path(name)


def _run(command: str, folder: Path) -> None:
    """Runs the command that brings weights to the server; `{weights}` in it is their folder. No shell reads it."""
    words = [word.replace("{weights}", str(folder)) for word in shlex.split(command)]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=LONGEST_RELOAD, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(
            f"the command {words[0]!r} could not be run ({error})", mend="mend model.server.reload"
        ) from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        why = f": {said[-1]}" if said else ""
        raise InputError(f"the command {words[0]!r} ended with {done.returncode}{why}", mend="mend model.server.reload")
