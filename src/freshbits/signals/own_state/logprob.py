"""The own-state measure `logprob`: the log-probability that a model gives to each completion, in one forward pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import polars as pl

from freshbits.errors import InputError
from freshbits.signals.options import known, number, one_of
from freshbits.signals.signal import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from freshbits.signals.signal import Item

CHAT = ("auto", "yes", "no")
PASS_LOGITS = 2**28  # numbers that one forward pass may give: 1 GiB in float32
TOO_LONG = "the prompt leaves no room for the completion"


class _Row(NamedTuple):
    place: int
    tokens: list[int]
    start: int  # first token of the completion
    cut: int  # tokens of the completion beyond the model's length


@dataclass(frozen=True)
class Logprob:
    """Fills `logprob` (nats, sum over the completion's tokens given the prompt) and `tokens`, by one pass per row.

    log P(y | q) = Σ_t log softmax(z_t)[y_t], in float32. Prompt and completion are tokenised apart and joined, as a
    trainer's sampled tokens are; the end-of-sequence token is not counted. A completion that runs beyond the model's
    length is cut there, and its evidence says so: both columns are of the part before. It is the model's own state,
    where the model is the one that wrote the completions: of any other model it says how that one sees them. It knows
    nothing of the temperature that was sampled at.

    It runs on a GPU where torch sees one. Rows go through the model in fixed batches of `rows`, so a run that was
    interrupted ends in the same bytes.

    Attributes:
        model: a path, or a name that transformers can load.
        chat: whether the prompt is put into the model's chat template as one user turn; auto: where it has one.
        longest: most tokens of prompt and completion; 0: as the model says.
        rows: completions per batch.

    Raises:
        InputError: the model cannot be loaded, or transformers is not installed.
    """

    model: str
    chat: str = "auto"
    longest: int = 0
    rows: int = 32
    _held: list[Any] = field(default_factory=list, init=False, repr=False, compare=False)

    name: ClassVar[str] = "logprob"
    origin: ClassVar[str] = "own_state"
    needs: ClassVar[tuple[str, ...]] = ()
    whole_groups: ClassVar[bool] = False
    alone: ClassVar[bool] = True
    fills: ClassVar[tuple[str, ...]] = ("logprob", "tokens")

    @classmethod
    def from_options(cls, options: Mapping[str, str]) -> Self:
        """Makes it from `--option key=value`.

        Raises:
            InputError: an unknown option or value, or no model.
        """
        known(cls.name, options, ("model", "chat", "longest", "rows"))
        if "model" not in options:
            raise InputError("logprob needs a model", mend="name it with --model NAME or a path")
        return cls(
            options["model"],
            one_of(options, "chat", CHAT, cls.chat),
            int(number(options, "longest", cls.longest)),
            max(1, int(number(options, "rows", cls.rows, positive=True))),
        )

    @property
    def batch(self) -> int:
        """Rows that share a pass: always the same ones."""
        return self.rows

    @property
    def key(self) -> str:
        """Everything besides the item that a verdict depends on."""
        return f"logprob(model={self.model!r}, chat={self.chat!r}, longest={self.longest}, rows={self.rows})"

    def fill(self, scores: pl.Series, evidence: pl.Series) -> pl.DataFrame:
        """Returns the columns `logprob` and `tokens`, both null where nothing was scored, with evidence and origin."""
        tokens = evidence.str.extract(r"^(\d+) tokens").cast(pl.Int64)
        return pl.DataFrame({"logprob": scores, "tokens": tokens, "logprob.evidence": evidence}).with_columns(
            pl.lit(self.origin).alias("logprob.origin")
        )

    def score(self, items: Sequence[Item]) -> list[Verdict]:
        """Scores a batch, rows of like length together: one verdict per item, in order."""
        model, tokenizer = self._loaded()
        room = max(1, PASS_LOGITS // model.config.vocab_size)
        longest = self.longest or _longest(model, tokenizer)
        verdicts: list[Verdict] = [Verdict(None, TOO_LONG)] * len(items)
        rows = []
        for place, item in enumerate(items):
            before = self._prompt(tokenizer, item.prompt)
            after = tokenizer.encode(item.completion, add_special_tokens=False)
            if not after:
                verdicts[place] = Verdict(None, "the completion has no tokens")
            elif len(before) < longest:
                tokens = (before + after)[:longest]
                rows.append(_Row(place, tokens, len(before), len(before) + len(after) - len(tokens)))
        rows.sort(key=lambda row: (len(row.tokens), row.place))
        while rows:
            size = len(rows)
            while size > 1 and size * len(rows[size - 1].tokens) > room:
                size -= 1
            some, rows = rows[:size], rows[size:]
            for row, total in zip(some, _forward(model, some), strict=True):
                count = len(row.tokens) - row.start
                cut = f", {row.cut} more beyond the model's length left out" if row.cut else ""
                verdicts[row.place] = Verdict(total, f"{count} tokens{cut}")
        return verdicts

    def _prompt(self, tokenizer: Any, prompt: str) -> list[int]:
        """Returns the prompt's tokens; at least one, from which the first token of the completion is foretold."""
        chat = self.chat == "yes" or (self.chat == "auto" and tokenizer.chat_template is not None)
        if chat:
            turns = [{"role": "user", "content": prompt}]
            text = tokenizer.apply_chat_template(turns, add_generation_prompt=True, tokenize=False)
            tokens = tokenizer.encode(text, add_special_tokens=False)
        else:
            tokens = tokenizer.encode(prompt)
        if tokens:
            return list(tokens)
        first = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
        return [first] if first is not None else [0]

    def _loaded(self) -> tuple[Any, Any]:
        if not self._held:
            self._held.extend(_load(self.model, template=self.chat == "yes"))
        return self._held[0], self._held[1]


def _load(name: str, *, template: bool) -> tuple[Any, Any]:
    model: Any
    try:
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer
    except ImportError:
        raise InputError("logprob needs transformers and torch", mend="pip install 'freshbits[loop]'") from None
    try:
        tokenizer = AutoTokenizer.from_pretrained(name)
        model = AutoModelForCausalLM.from_pretrained(name, dtype="float32")
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"the model {name} cannot be loaded ({reason})", mend="give a path or a known name") from None
    if template and tokenizer.chat_template is None:
        raise InputError(f"the model {name} has no chat template", mend="leave out --option chat=yes")
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval(), tokenizer


def _longest(model: Any, tokenizer: Any) -> int:
    known_lengths = [getattr(model.config, "max_position_embeddings", None), tokenizer.model_max_length]
    return min((int(length) for length in known_lengths if length), default=1 << 20)


def _forward(model: Any, rows: Sequence[_Row]) -> list[float]:
    """Returns the summed log-probability of each row's completion; rows are padded on the right."""
    import torch

    width = max(len(row.tokens) for row in rows)
    padded = torch.zeros(len(rows), width, dtype=torch.long)
    mask = torch.zeros(len(rows), width, dtype=torch.long)
    for place, row in enumerate(rows):
        padded[place, : len(row.tokens)] = torch.tensor(row.tokens)
        mask[place, : len(row.tokens)] = 1
    with torch.inference_mode():
        logits = model(input_ids=padded.to(model.device), attention_mask=mask.to(model.device)).logits
    totals = []
    for place, row in enumerate(rows):
        # One row's log-softmax at a time: a whole batch of it over a large vocabulary would not fit.
        end = len(row.tokens)
        each = torch.log_softmax(logits[place, row.start - 1 : end - 1].float(), dim=-1)
        chosen = each.gather(1, torch.tensor(row.tokens[row.start : end], device=each.device)[:, None])
        totals.append(float(chosen.double().sum()))
    return totals
