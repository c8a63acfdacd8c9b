"""What may be said of a rubric's judge: which model, how it is asked, what it may cost, where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from freshbits.errors import InputError
from freshbits.signals.options import known, number, one_of
from freshbits.signals.rubric.criteria import AUTHORS
from freshbits.signals.rubric.provenance import LEARNED

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = 40_000


@dataclass(frozen=True)
class Options:
    """Holds what may be said of a rubric's judge; everything but the model has a default.

    Attributes:
        rubric: the file of criteria.
        model: the judge's name at the server.
        url: address of an OpenAI-compatible endpoint; None: OPENAI_BASE_URL.
        seconds: the longest that one try may take. tries: how often a question is asked at most.
        tokens: most tokens of a reply. temperature, seed: of the questions.
        repeats: how often each completion is judged.
        calls: `all` criteria in one question, or `each` in its own.
        again: how often a malformed reply is asked for again.
        form: `schema` sends the reply's form along where the server takes it, `plain` never does.
        longest: most characters of each text; of a longer one the middle is left out.
        reference: whether the row's reference answer is shown.
        secret: what marks are drawn from; None: drawn by lot, kept in the journal.
        rpm, tpm: requests and tokens per minute.
        price_in, price_out: of a million tokens. budget: upper bound on the cost.
        student: the model that wrote the completions; None: as the log says.
        trained_on: what the judge learned from. frozen: whether it stays as it is.
        written_by: who wrote the criteria; None: as the rubric says.
    """

    rubric: str = ""
    model: str = ""
    url: str | None = None
    seconds: float = 60.0
    tries: int = 5
    tokens: int = 1024
    temperature: float = 0.0
    seed: int = 0
    repeats: int = 1
    calls: str = "all"
    again: int = 2
    form: str = "schema"
    longest: int = LONGEST
    reference: bool = False
    secret: str | None = None
    rpm: float | None = None
    tpm: float | None = None
    price_in: float | None = None
    price_out: float | None = None
    budget: float | None = None
    student: str | None = None
    trained_on: tuple[str, ...] = ()
    frozen: bool = True
    written_by: str | None = None


def read_options(options: Mapping[str, str], *, signal: str = "rubric", needs_rubric: bool = True) -> Options:
    """Reads `--option key=value`.

    Raises:
        InputError: an unknown option or value, no model, no rubric, or a budget without prices.

    >>> read_options({"rubric": "r.yaml", "model": "judge", "repeats": "3"}).repeats
    3
    """
    known(signal, options, [name for name in Options.__dataclass_fields__ if needs_rubric or name != "rubric"])
    if needs_rubric and not options.get("rubric"):
        raise InputError("rubric needs its criteria", mend="name their file: --option rubric=FILE")
    if not options.get("model"):
        raise InputError(f"{signal} needs a model", mend="name it with --model NAME, and its server with url=…")
    default = Options()
    prices = {name: _maybe(options, name) for name in ("price_in", "price_out", "budget")}
    if prices["budget"] is not None and prices["price_in"] is None and prices["price_out"] is None:
        raise InputError(
            "--option budget says nothing without prices", mend="add price_in=… and price_out=…, of a million tokens"
        )
    return Options(
        rubric=options.get("rubric", ""),
        model=options["model"],
        url=options.get("url"),
        seconds=number(options, "seconds", default.seconds, positive=True),
        tries=_count(options, "tries", default.tries),
        tokens=_count(options, "tokens", default.tokens),
        temperature=number(options, "temperature", default.temperature),
        seed=_count(options, "seed", default.seed, least=0),
        repeats=_count(options, "repeats", default.repeats),
        calls=one_of(options, "calls", ("all", "each"), default.calls),
        again=_count(options, "again", default.again, least=0),
        form=one_of(options, "form", ("schema", "plain"), default.form),
        longest=_count(options, "longest", default.longest),
        reference=one_of(options, "reference", ("yes", "no"), "no") == "yes",
        secret=options.get("secret"),
        rpm=_limit(options, "rpm"),
        tpm=_limit(options, "tpm"),
        price_in=prices["price_in"],
        price_out=prices["price_out"],
        budget=prices["budget"],
        student=options.get("student"),
        trained_on=_learned(options.get("trained_on")),
        frozen=one_of(options, "frozen", ("yes", "no"), "yes") == "yes",
        written_by=one_of(options, "written_by", AUTHORS, "people") if "written_by" in options else None,
    )


def _count(options: Mapping[str, str], name: str, default: int, *, least: int = 1) -> int:
    value = number(options, name, float(default))
    if value != int(value) or value < least:
        raise InputError(
            f"--option {name}={options[name]} is not a whole number from {least} on",
            mend=f"write it like --option {name}={max(default, least)}",
        )
    return int(value)


def _limit(options: Mapping[str, str], name: str) -> float | None:
    return float(_count(options, name, 1)) if name in options else None


def _maybe(options: Mapping[str, str], name: str) -> float | None:
    return number(options, name, 0.0) if name in options else None


def _learned(text: str | None) -> tuple[str, ...]:
    words = [word.strip() for word in (text or "").replace("+", ",").split(",") if word.strip()]
    for word in words:
        one_of({"trained_on": word}, "trained_on", LEARNED, LEARNED[0])
    return tuple(dict.fromkeys(words))
