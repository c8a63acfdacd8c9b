"""A part of the audit in pandas and in DuckDB: the twelve features, the counts of the groups, bits from the counts.

All three give the same integers. That is *not* the audit: no answer classes, no keys, no sample, no intervals, no
fitted models; freshbits counts the first two and draws the third in the same pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.outputs.features.core import FIRST_TOKENS

if TYPE_CHECKING:
    from pathlib import Path

CLEAN = r"[.!?\"')\]}>`*_$|][ \t\n\r\v\f]*\z"
COUNTED = {  # plus one where a text is split by what is counted
    "words": (r" ", 1),
    "lines": (r"\n", 1),
    "digits": (r"[0-9]", 0),
    "code_fences": (r"`{3,}", 0),
    "bullets": (r"(?m)^ {0,7}[-*] ", 0),
    "bold": (r"\*{2,}", 0),
    "headings": (r"(?m)^#{1,6} ", 0),
    "question_marks": (r"\?", 0),
    "first_person": (r"\bI\b", 0),
}
FIRST = {
    "empty": r"\A[ \t\n\r\v\f]*\z",
    "code_fence": r"\A[ \t\n\r\v\f]*```",
    "number": r"\A[ \t\n\r\v\f]*[-+]?[0-9]",
    "capital": r"\A[ \t\n\r\v\f]*[A-Z]",
    "lowercase": r"\A[ \t\n\r\v\f]*[a-z]",
    "markdown": r"\A[ \t\n\r\v\f]*[#*\-+>|]",
    "latex": r"\A[ \t\n\r\v\f]*[\\$]",
    "tag": r"\A[ \t\n\r\v\f]*<",
    "punctuation": r"\A[ \t\n\r\v\f]*[!-~]",
}
LITERAL = {"words": " ", "lines": "\n", "question_marks": "?"}


def with_freshbits(log: Path) -> dict[str, Any]:
    """Counts with freshbits, which does the rest of the text pass as well."""
    import freshbits as fb
    from freshbits.tally.local import tally

    counts = tally(fb.read(log))
    signal = "accuracy_reward"
    held = counts.of(signal)
    names = [name for name in counts.features.columns if name.startswith("feature.")]
    sums = {name.removeprefix("feature."): int(counts.features[name].sum()) for name in names}
    return {"features": dict(sorted(sums.items())), **_bits(held.n, held.k)}


def with_duckdb(log: Path) -> dict[str, Any]:
    """Counts in SQL, literals without regular expressions, on one thread: its CPU seconds are its own."""
    import duckdb

    files = str(log / "completions" / "*.parquet")
    columns = [
        f"sum(length(c) - length(replace(c, '{LITERAL[name]}', '')) + {more}) AS {name}"
        if name in LITERAL
        else f"sum(len(regexp_extract_all(c, '{pattern}')) + {more}) AS {name}"
        for name, (pattern, more) in COUNTED.items()
    ]
    cases = " ".join(
        f"WHEN regexp_matches(c, '{pattern}') THEN {FIRST_TOKENS.index(name)}" for name, pattern in FIRST.items()
    )
    columns += [
        "sum(length(c)) AS characters",
        f"sum(regexp_matches(c, '{CLEAN.replace(chr(39), chr(39) * 2)}')::INT) AS ends_cleanly",
        f"sum(CASE {cases} ELSE {FIRST_TOKENS.index('other')} END) AS first_token",
    ]
    source = f"(SELECT completion AS c FROM read_parquet('{files}'))"
    with duckdb.connect(config={"threads": 1}) as base:
        found = base.sql(f"SELECT {', '.join(columns)} FROM {source}").fetchall()[0]
        groups = base.sql(
            "SELECT count(accuracy_reward), sum(accuracy_reward)::BIGINT "
            f"FROM read_parquet('{files}') GROUP BY step, prompt"
        ).fetchnumpy()
    names = [column.rsplit(" AS ", 1)[1] for column in columns]
    sums = dict(sorted(zip(names, map(int, found), strict=True)))
    n, k = (np.asarray(column) for column in groups.values())
    return {"features": sums, **_bits(n, k)}


def with_pandas(log: Path) -> dict[str, Any]:
    """Counts with pandas, file by file, as a notebook would; scikit-learn has no part of this to give."""
    import pandas as pd  # type: ignore[import-untyped]

    sums: dict[str, int] = {}
    groups = []
    for file in sorted((log / "completions").glob("*.parquet")):
        rows = pd.read_parquet(file, columns=["step", "prompt", "completion", "accuracy_reward"])
        text = rows["completion"]
        found = {name: text.str.count(pattern) + more for name, (pattern, more) in COUNTED.items()}
        found["characters"] = text.str.len()
        found["ends_cleanly"] = text.str.contains(CLEAN.replace(r"\z", r"\Z"), regex=True)
        token = pd.Series(FIRST_TOKENS.index("other"), index=text.index)
        for name, pattern in reversed(FIRST.items()):
            token[text.str.contains(pattern.replace(r"\z", r"\Z"), regex=True)] = FIRST_TOKENS.index(name)
        found["first_token"] = token
        for name, column in found.items():
            sums[name] = sums.get(name, 0) + int(column.sum())
        groups.append(rows.groupby(["step", "prompt"])["accuracy_reward"].agg(["count", "sum"]))
    table = pd.concat(groups)
    return {"features": dict(sorted(sums.items())), **_bits(table["count"].to_numpy(), table["sum"].to_numpy())}


def _bits(n: Any, k: Any) -> dict[str, Any]:
    """Returns the counts of groups and the mean plug-in entropy of their verdicts, summed in a fixed order."""
    n, k = np.asarray(n, dtype=np.int64), np.asarray(k, dtype=np.int64)
    pairs, groups = np.unique(np.column_stack([n, k]), axis=0, return_counts=True)
    rate = pairs[:, 1] / np.maximum(pairs[:, 0], 1)
    inner = (rate > 0) & (rate < 1)
    share = rate[inner]
    bits = np.zeros(rate.size)
    bits[inner] = -share * np.log2(share) - (1 - share) * np.log2(1 - share)
    return {
        "groups": int(groups.sum()),
        "rollouts": int(n.sum()),
        "accepted": int(k.sum()),
        "dead": int(groups[~inner].sum()),
        "plug_in_bits": float((bits * groups).sum() / groups.sum()),
    }
