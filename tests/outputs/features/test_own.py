"""A person's own features: three declared forms, counted as written, refused with what to write."""

import polars as pl
import pytest

from freshbits.auditing import audit
from freshbits.errors import InputError
from freshbits.outputs.features.feature import measure
from freshbits.outputs.features.own import parse_features
from freshbits.worlds.hacked import Hacked


def values(said, texts):
    return measure(pl.Series(texts), parse_features([f"mine={said}"]))["mine"].to_list()


def test_the_three_forms():
    texts = ["I (am) sorry. Sorry", "no", "", None]
    assert values("contains:(am)", texts) == [1, 0, 0, None]
    assert values("matches:(?i)^i .*sorry$", texts) == [1, 0, 0, None]
    assert values("count:rr", texts) == [2, 0, 0, None]
    assert values("count:a=b:c", ["a=b:c a=b:c"]) == [2]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("mine", "is not NAME=FORM:TEXT"),
        ("mine=contains:", "is not NAME=FORM:TEXT"),
        ("mine=pl.col('x').sum()", "is not NAME=FORM:TEXT"),
        ("mine=contain:x", "nearest: contains"),
        ("__import__('os')=contains:x", "is no name"),
        ("bullets=contains:x", "is a feature already"),
        ("mine=matches:(", "is no regular expression"),
    ],
)
def test_anything_else_is_refused(said, why):
    with pytest.raises(InputError, match=why):
        parse_features([said])
    with pytest.raises(InputError, match="already"):
        parse_features(["a=contains:x", "a=contains:y"])


def test_it_is_judged_and_removed_by_its_name(freshbits, tmp_path):
    file, out = tmp_path / "log.parquet", tmp_path / "rows.parquet"
    rows = Hacked(prompts=120, name="bold", lured=0.9, rounds=1).rows(1)
    rows.rename({"signal.reward": "reward"}).write_parquet(file)
    mine = "boast=contains:**Result below.**"
    report = audit(str(file), features=[mine], texts=False)
    section = report.hacking["reward"]
    assert section.first in ("boast", "bold")
    assert {each.name: each.kind for each in section.features}["boast"] == "user"
    assert not any(each.kind == "ngram" or each.examples for each in section.shortcuts)
    ran = freshbits("rebalance", file, "--feature", mine, "--against", "boast", "-o", out)
    assert ran.code == 0, ran.err
    kept = pl.read_parquet(out)
    boasts = kept.group_by(pl.col("completion").str.contains("**Result below.**", literal=True)).agg(
        pl.col("signal.reward").mean()
    )
    assert boasts["signal.reward"].to_list() == [0.5, 0.5]
    assert freshbits("rebalance", file, "--against", "boast", "-o", out).code == 2
    assert freshbits("audit", file, "--feature", "mine=sum:x").code == 2
