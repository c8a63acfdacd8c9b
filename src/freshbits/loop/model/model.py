"""A model of a loop: a network, its tokenizer, and how its weights come from and go to disk.

A network that a trainer has used is never copied: trainers leave a patched `forward` on it, and the copy's forward
would go on reading the original's weights without a word. Every round builds its network anew and loads weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.loop.model.tiny import base_path, turns_path
from freshbits.loop.quiet import quiet

if TYPE_CHECKING:
    from pathlib import Path

    from freshbits.loop.parts import Model as Declared


@dataclass(frozen=True)
class Model:
    """Holds a network and its tokenizer.

    Attributes:
        network: the causal language model; with an adapter where one was asked for.
        tokenizer: its tokenizer, padding on the left.
        chat: whether prompts go through the tokenizer's chat template.
        adapter: whether only an adapter is trained and saved.
    """

    network: Any
    tokenizer: Any
    chat: bool
    adapter: bool

    @property
    def pad(self) -> int:
        """Token that fills shorter sequences up."""
        return int(self.tokenizer.pad_token_id)

    @property
    def parameters(self) -> int:
        """Number of weights of the network."""
        return sum(each.numel() for each in self.network.parameters())

    @property
    def end(self) -> int:
        """Token that ends a completion."""
        return int(self.tokenizer.eos_token_id)

    def encode_prompt(self, text: str) -> list[int]:
        """Returns the tokens of a prompt, as generation and training see them."""
        if self.chat:
            message = [{"role": "user", "content": text}]
            found = self.tokenizer.apply_chat_template(message, add_generation_prompt=True, return_dict=True)
            return list(found["input_ids"])
        return list(self.tokenizer(text)["input_ids"])

    def encode_completion(self, text: str) -> list[int]:
        """Returns the tokens of a completion, its end included."""
        return [*self.tokenizer(text, add_special_tokens=False)["input_ids"], self.end]

    def encode_observation(self, text: str) -> list[int]:
        """Returns the tokens that stand between the end of one message of the model and the next: what is answered.

        With a chat template: whatever it writes from behind the end of the assistant's message, the answer as a user's
        message, to where the assistant writes again.

        Raises:
            InputError: if the template does not write a conversation from left to right.
        """
        if not self.chat:
            return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])
        before = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
        read = {"role": "user", "content": text}
        first = str(self.tokenizer.apply_chat_template(before, tokenize=False))
        whole = str(self.tokenizer.apply_chat_template([*before, read], tokenize=False, add_generation_prompt=True))
        end = str(self.tokenizer.eos_token)
        begin = first.rfind(end) + len(end) if end in first else len(first)
        if whole[:begin] != first[:begin]:
            raise InputError(
                "the model's chat template writes earlier messages anew in every turn",
                mend="take a model whose template does not, or a task of one turn",
            )
        return list(self.tokenizer(whole[begin:], add_special_tokens=False)["input_ids"])

    def save(self, folder: Path) -> Path:
        """Writes the weights (the adapter's alone where there is one) into a folder; returns the file."""
        from safetensors.torch import save_file

        file = folder / ("adapter.safetensors" if self.adapter else "model.safetensors")
        if self.adapter:
            from peft import get_peft_model_state_dict

            state = get_peft_model_state_dict(self.network)
        else:
            # Tied weights are one tensor under two names, which the format does not hold.
            tied = set(getattr(self.network, "_tied_weights_keys", None) or ())
            state = {name: value for name, value in self.network.state_dict().items() if name not in tied}
        save_file({name: value.contiguous() for name, value in state.items()}, file)
        return file


def load(declared: Declared, folder: Path | None = None) -> Model:
    """Builds the network anew and loads its weights: those of a round's folder, or where the loop begins.

    Raises:
        InputError: if the model cannot be found, or the folder holds no weights.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    name = _place(declared)
    on_gpu = torch.cuda.is_available() if declared.device == "auto" else declared.device.startswith("cuda")
    kind = declared.dtype if declared.dtype != "auto" else "auto" if on_gpu else "float32"
    more = {"revision": declared.revision} if declared.revision else {}
    try:
        with quiet():
            tokenizer = AutoTokenizer.from_pretrained(name, padding_side="left", **more)
            network: Any = AutoModelForCausalLM.from_pretrained(name, dtype=kind, **more, **declared.options)
    except (OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0]
        raise InputError(f"the model {name!r} cannot be loaded ({first})", mend="name a model or a folder") from None
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token
    if declared.peft is not None:
        from peft import LoraConfig, TaskType, get_peft_model

        options: dict[str, Any] = dict(declared.peft)
        with quiet():
            network = get_peft_model(network, LoraConfig(task_type=TaskType.CAUSAL_LM, **options))
    chat = bool(getattr(tokenizer, "chat_template", None))
    model = Model(network, tokenizer, chat=chat, adapter=declared.peft is not None)
    if folder is not None:
        _restore(model, folder)
    network.to(("cuda" if on_gpu else "cpu") if declared.device == "auto" else declared.device)
    return model


def _place(declared: Declared) -> str:
    """Returns the name or folder to load; the model that comes along for `config: tiny`."""
    if declared.config is None:
        return declared.what
    built_in = {"tiny": base_path, "tiny-turns": turns_path}
    if declared.config not in built_in:
        raise InputError(
            f"there is no built-in model {declared.config!r}", mend=f"write config: {' or '.join(built_in)}, or name: …"
        )
    return str(built_in[declared.config]())


def _restore(model: Model, folder: Path) -> None:
    from safetensors.torch import load_file

    file = folder / ("adapter.safetensors" if model.adapter else "model.safetensors")
    if not file.is_file():
        raise InputError("there are no weights here", file=file, mend="run the loop anew in another folder")
    state = load_file(file)
    if model.adapter:
        from peft import set_peft_model_state_dict

        set_peft_model_state_dict(model.network, state)
        return
    missing, unknown = model.network.load_state_dict(state, strict=False)
    tied = set(getattr(model.network, "_tied_weights_keys", None) or ())
    if unknown or set(missing) - tied:
        raise InputError("these weights belong to another model", file=file, mend="run the loop anew")
