from __future__ import annotations

import random

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from freshbits.outputs.keys import combined_keys, key, name_keys, prompt_keys, text_keys

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


def test_the_declared_hash_is_pinned() -> None:
    assert key(b"") == 0xB4B2797457A0A6E4
    assert key(b"42") == 8820412187630416983
    assert key("é".encode()) == text_keys(pl.Series(["é"])).item()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.one_of(st.none(), TEXT), max_size=20))
def test_columns_give_the_key_of_each_text(texts: list[str | None]) -> None:
    column = pl.Series("t", texts, dtype=pl.String)
    expected = [None if text is None else key(text.encode()) for text in texts]
    assert text_keys(column).to_list() == expected
    assert name_keys(column).to_list() == expected
    normal = [None if text is None else key(b" ".join(text.encode().split())) for text in texts]
    assert prompt_keys(column).to_list() == normal


def test_prompts_equal_up_to_white_space_share_a_key() -> None:
    one, two, other = prompt_keys(pl.Series([" What\r\n\tis   it?\n", "What is it?", "Whatis it?"]))
    assert one == two != other


def test_keys_do_not_depend_on_order_or_split() -> None:
    texts = [f"prompt {n % 37}" for n in range(200)]
    shuffled = random.Random(1).sample(texts, len(texts))
    found = dict(zip(texts, prompt_keys(pl.Series(texts)), strict=True))
    assert [found[text] for text in shuffled] == prompt_keys(pl.Series(shuffled)).to_list()


def test_combined_keys_depend_on_every_part_and_its_place() -> None:
    parts = np.arange(1, 4, dtype=np.uint64)
    keys = {
        tuple(order): int(combined_keys([np.array([parts[i]]) for i in order])[0])
        for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (0, 1), (0,), (0, 1, 1))
    }
    assert len(set(keys.values())) == len(keys)
    assert int(combined_keys([np.array([0], np.uint64)])[0]) == 0xE220A8397B1DCDAF  # SplitMix64 from state 0
