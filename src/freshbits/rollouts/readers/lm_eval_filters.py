"""What the filters of an lm-eval samples file say of every document, gathered in one pass.

lm-eval writes one row per document and filter, first all documents of one filter, then of the next. Each row repeats
the document's responses; what differs is what the filter read in them and how that was scored. Which of several
responses a score is about stands in the results beside the samples, under the filter's chain of functions.

https://github.com/EleutherAI/lm-evaluation-harness, `evaluate` in `lm_eval/evaluator.py`, `lm_eval/filters`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from freshbits.errors import InputError
from freshbits.rollouts.problems import Problems
from freshbits.rollouts.tables.jsonl import objects

if TYPE_CHECKING:
    from pathlib import Path

    from freshbits.rollouts.tables.jsonl import Row

Values = list[float | None]  # one per response of a document

KNOWN = {"doc_id", "doc", "target", "arguments", "resps", "filtered_resps", "filter", "metrics",
         "doc_hash", "prompt_hash", "target_hash"}  # fmt: skip
INVALID = "[invalid]"  # what lm-eval's regex filters write where nothing matches
# Filters that change each response by itself; a chain with any other function mixes responses.
ONE_BY_ONE = {"regex", "regex_pos", "remove_whitespace", "multi_choice_regex", "lowercase", "uppercase", "map",
              "format_span", "take_first", "take_first_k"}  # fmt: skip


@dataclass
class Filtered:
    """Holds one samples file's verdicts by document.

    Attributes:
        first: document -> the filter whose row stands for it.
        verdicts: document -> signal -> one verdict per response (None = this response was not judged).
        read: filter -> document -> what it read in each response; only where that is one to one.
        signals: signal -> its filter, in order of appearance.
        apart: what was left out -> why, in words.
        reader: the filter that reads most; None where none reads responses one by one.
    """

    first: dict[str, str] = field(default_factory=dict)
    verdicts: dict[str, dict[str, Values]] = field(default_factory=dict)
    read: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    signals: dict[str, str] = field(default_factory=dict)
    apart: dict[str, str] = field(default_factory=dict)
    reader: str | None = None

    def extracted(self, doc: str) -> list[str | None] | None:
        """Returns what the filter that reads most of the file read in a document's responses."""
        texts = self.read[self.reader].get(doc) if self.reader is not None else None
        return [None if text == INVALID else text for text in texts] if texts is not None else None


@dataclass(frozen=True)
class Results:
    """Holds what the results file beside the samples knows: the model, filters' chains, what is better."""

    model: str | None = None
    chains: dict[str, dict[str, list[str]]] = field(default_factory=dict)  # task -> filter -> functions
    lower: frozenset[tuple[str, str]] = frozenset()  # (task, metric) where lower is better


def signal_name(metric: str, name: str) -> str:
    """Returns the signal's name: the metric, and the filter unless there was none.

    >>> signal_name("exact_match", "strict-match"), signal_name("exact_match", "none")
    ('exact_match@strict-match', 'exact_match')
    """
    return metric if name == "none" else f"{metric}@{name}"


def gather(file: Path, task: str, results: Results) -> Filtered:
    """Reads a samples file once and keeps what its filters said.

    Raises:
        InputError: if a row lacks what lm-eval writes, or a document stands under one filter with other responses.
    """
    found = Filtered()
    seen: dict[tuple[str, str], int] = {}
    for line, row in objects(file, Problems()):
        try:
            said = responses(row)
            doc, name = str(row["doc_id"]), str(row.get("filter", "none"))
            if not said:
                continue
            told = hash(tuple(said))
            if seen.setdefault((doc, name), told) != told:
                raise InputError(
                    f"document {doc} stands twice under {name}, with different responses", file=file, row=line,
                    mend="part the two runs into files of their own",
                )  # fmt: skip
            found.first.setdefault(doc, name)
            _take(row, said, doc, name, task, results, found)
        except (AttributeError, IndexError, KeyError, TypeError) as error:
            raise InputError(
                f"does not have the shape of lm-eval's samples ({error})", file=file, row=line,
                mend="mend or delete the line",
            ) from None  # fmt: skip
    unread = {name: sum(INVALID in texts for texts in docs.values()) for name, docs in found.read.items()}
    found.reader = min(unread, key=lambda name: unread[name], default=None)
    return found


def _take(row: Row, said: list[str], doc: str, name: str, task: str, results: Results, found: Filtered) -> None:
    outcome = (row["filtered_resps"] or [None])[0]
    each = outcome if isinstance(outcome, list) and len(outcome) == len(said) else None
    if each is None and len(said) == 1 and isinstance(outcome, str):
        each = [outcome]
    if each is not None and all(isinstance(text, str) for text in each) and each != said:
        found.read.setdefault(name, {})[doc] = each
    for metric in row["metrics"] if isinstance(row.get("metrics"), list) else sorted(row.keys() - KNOWN):
        signal = signal_name(metric, name)
        if (task, metric) in results.lower:
            found.apart[signal] = "lower is better"
            continue
        values, why = _verdicts(row.get(metric), len(said), each, results.chains.get(task, {}).get(name))
        if values is None:
            found.apart[signal] = why
        else:
            found.signals.setdefault(signal, name)
            found.verdicts.setdefault(doc, {})[signal] = values


def _verdicts(value: Any, count: int, each: list[str] | None, chain: list[str] | None) -> tuple[Values | None, str]:
    """Returns one verdict per response, or None and why a metric's value is about no single response."""
    if isinstance(value, list):
        if each is not None and len(value) == count and all(_is_number(v) for v in value):
            return [None if v is None else float(v) for v in value], ""
        return None, "its values are no numbers"
    if not _is_number(value):
        return None, "its values are no numbers"
    verdict = None if value is None else float(value)
    if count == 1:
        return [verdict], ""
    if chain is None:
        return None, f"one value for {count} responses, and no results_*.json beside the samples says for which"
    if "majority_vote" in chain:
        return None, f"it judges the majority of {count} responses, not one of them"
    if not set(chain) <= ONE_BY_ONE or "take_first" not in chain:
        return None, f"one value for {count} responses together"
    return [verdict, *[None] * (count - 1)], ""


def responses(row: Row) -> list[str]:
    """Returns the responses that a row's model wrote for its document; none where it wrote nothing.

    Multiple choice and perplexity ask for log-probabilities of given text: there are no completions.

    >>> responses({"arguments": {"gen_args_0": {"arg_0": "1+1=", "arg_1": {"until": []}}}, "resps": [["2", "3"]]})
    ['2', '3']
    >>> responses({"arguments": {"gen_args_0": {"arg_0": "1+1=", "arg_1": " 2"}}, "resps": [[["-1.2", "True"]]]})
    []
    """
    asked = requests(row)
    if len(asked) != 1 or len(asked[0]) < 2 or not isinstance(asked[0][1], dict):
        return []
    inner = row["resps"][0]
    texts = row["resps"] if isinstance(inner, str) else inner  # some write the one request's responses flat
    return [str(text) for text in texts]


def requests(row: Row) -> list[list[Any]]:
    """Returns the arguments of each request: a list of lists, as older versions wrote it."""
    arguments = row["arguments"]
    if isinstance(arguments, dict):
        return [list(request.values()) for request in arguments.values()]
    return [list(request) for request in arguments]


def read_results(file: Path, date: str) -> Results:
    """Reads the results written at the same time as a samples file; nothing where there are none."""
    for beside in sorted(file.parent.glob(f"*_{date}.json")):
        if beside == file:
            continue
        try:
            held = json.loads(beside.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(held, dict) and "results" in held:
            return _results(held)
    return Results()


def _results(held: Row) -> Results:
    chains = {}
    for task, config in (held.get("configs") or {}).items():
        listed = config.get("filter_list") or [{"name": "none", "filter": [{"function": "take_first"}]}]
        chains[task] = {one["name"]: [step["function"] for step in one["filter"]] for one in listed}
    better = held.get("higher_is_better") or {}
    lower = {
        (task, metric) for task, metrics in better.items() for metric, higher in metrics.items() if higher is False
    }
    return Results(held.get("model_name"), chains, frozenset(lower))


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float))
