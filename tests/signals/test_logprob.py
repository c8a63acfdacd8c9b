"""Log-probabilities of a small model: a closed form, one token at a time, and the columns that they fill."""

from __future__ import annotations

import math

import polars as pl
import pytest

import freshbits as fb
from freshbits.errors import InputError
from freshbits.signals.own_state.logprob import Logprob
from freshbits.signals.scoring import score
from freshbits.signals.signal import Item

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

WORDS = ["<end>", "<unknown>", *"0123456789+=?", "is", "sum", "the"]


def made(folder, *, uniform, length=32):
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import WhitespaceSplit

    words = Tokenizer(WordLevel({word: n for n, word in enumerate(WORDS)}, unk_token="<unknown>"))
    words.pre_tokenizer = WhitespaceSplit()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=words, eos_token="<end>", unk_token="<unknown>")
    config = transformers.GPT2Config(
        vocab_size=len(WORDS), n_positions=length, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
    )
    torch.manual_seed(0)
    model = transformers.GPT2LMHeadModel(config)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(0.0 if uniform else 3.0)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    torch.set_num_threads(1)
    return made(tmp_path_factory.mktemp("model"), uniform=False)


TEXTS = ["1", "2 3 4", "the sum is 7", "4 = 4", "9 9 9 9 9 9 9 9 9", "?"]


def rows():
    return [Item(f"{n} + {n + 1} = ?", text) for n, text in enumerate(TEXTS)]


def test_a_model_that_knows_nothing_gives_every_token_the_same_share(tmp_path):
    signal = Logprob(made(tmp_path / "even", uniform=True))
    for row, verdict in zip(rows(), signal.score(rows()), strict=True):
        count = len(row.completion.split())
        assert verdict.score == pytest.approx(-count * math.log(len(WORDS)), rel=1e-6)
        assert verdict.evidence == f"{count} tokens"


def test_one_pass_says_what_token_by_token_says(model):
    causal = transformers.AutoModelForCausalLM.from_pretrained(model)
    place = {word: n for n, word in enumerate(WORDS)}
    for row, verdict in zip(rows(), Logprob(model).score(rows()), strict=True):
        seen = [place[word] for word in row.prompt.split()]
        total = 0.0
        for word in row.completion.split():
            with torch.no_grad():
                total += float(causal(torch.tensor([seen])).logits[0, -1].log_softmax(-1)[place[word]])
            seen.append(place[word])
        assert verdict.score == pytest.approx(total, abs=1e-4)


def test_what_does_not_fit_is_cut_and_said(tmp_path):
    signal = Logprob(made(tmp_path / "short", uniform=True, length=8))
    cut, full, none = signal.score([Item("1 + 1 = ?", "1 2 3 4 5"), Item("1 + 1 = ?", "1"), Item("1 " * 8, "1")])
    assert cut.score == pytest.approx(-3 * math.log(len(WORDS)))
    assert cut.evidence == "3 tokens, 2 more beyond the model's length left out"
    assert full.evidence == "1 tokens"
    assert none.score is None
    assert signal.score([Item("", "1")])[0].score == pytest.approx(-math.log(len(WORDS)))
    assert signal.score([Item("1", "")])[0].score is None


def test_it_fills_the_columns_that_the_audit_reads(model, tmp_path):
    table = pl.DataFrame(
        {
            "prompt": [row.prompt for row in rows() for _ in range(8)],
            "completion": [TEXTS[(n + at) % len(TEXTS)] for at in range(len(TEXTS)) for n in range(8)],
            "reward": [float(n % 2) for _ in TEXTS for n in range(8)],
        }
    )
    out = tmp_path / "scored.parquet"
    found = score(table, Logprob(model, rows=5), out=out)
    log = fb.read(str(out))
    assert (log.signals, log.format) == (("reward",), "plain table")
    assert "extra.logprob.origin" not in log.schema
    (filled,) = log.batches(["logprob", "tokens", "completion"])
    assert filled["tokens"].to_list() == [len(text.split()) for text in filled["completion"]]
    assert filled["logprob"].null_count() == 0
    assert found.signals[0].scored == table.height
    other = tmp_path / "other.parquet"
    score(table, Logprob(model, rows=5), out=other)
    assert other.read_bytes() == out.read_bytes()
    with pytest.raises(InputError, match="the log has logprob already"):
        score(str(out), Logprob(model))


def test_a_model_that_is_not_there_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be loaded"):
        Logprob(str(tmp_path / "nothing")).score(rows())
    with pytest.raises(InputError, match="needs a model"):
        Logprob.from_options({})
