"""Words and pairs of words: which texts hold them, exactly, in any script and any order of the texts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from freshbits.outputs.features.ngrams import LONGEST, MOST, RARE, ngrams


def of(texts):
    found = ngrams(texts)
    return {name: found.column(place).tolist() for place, name in enumerate(found.names)}


def test_a_word_and_a_pair_are_held_where_they_stand():
    held = of(["The cat sat.", "the CAT ran", "A dog"] * 5)
    assert held["cat"] == [1.0, 1.0, 0.0] * 5
    assert held["the cat"] == [1.0, 1.0, 0.0] * 5
    assert held["cat sat"] == [1.0, 0.0, 0.0] * 5
    assert "cat ran the" not in held
    assert "sat the" not in held  # no pair goes from one text to the next


def test_answers_are_no_words():
    assert of(["It is 42", "It was 17"] * 5).keys() == {"is", "was", "it is", "it was"}


def test_other_scripts_and_apostrophes_are_words():
    held = of(["don't fürchte 答案", "x"] * 5)
    assert {"don't", "fürchte", "答案", "don't fürchte"} <= held.keys()


@given(st.lists(st.lists(st.sampled_from("abcdef"), max_size=4), min_size=4, max_size=30))
def test_what_is_kept_lies_between_rare_and_everywhere(texts):
    rows = [" ".join(words) for words in texts]
    held = of(rows)
    for word in "abcdef":
        count = sum(word in words for words in texts)
        inside = max(RARE * len(rows), 2) <= count <= (1 - RARE) * len(rows)
        assert (word in held) == inside
        if inside:
            assert held[word] == [float(word in words) for words in texts]


def test_the_order_of_texts_is_the_order_of_rows():
    texts = [f"{'red' if n % 3 else 'blue'} {'dog' if n % 2 else 'cat'}" for n in range(30)]
    order = np.random.default_rng(0).permutation(30)
    one, other = of(texts), of([texts[n] for n in order])
    assert {name: np.array(column)[order].tolist() for name, column in one.items()} == other


def test_nothing_is_found_in_nothing():
    assert ngrams([]).names == ()
    assert ngrams(["", "1 2 3"]).held.shape == (2, 0)


@pytest.mark.parametrize("count", [MOST + 500])
def test_the_most_frequent_are_kept_where_there_are_too_many(count):
    names = ["".join(chr(97 + int(d)) for d in f"{n:05d}") for n in range(count)]
    many = " . ".join(names)
    found = ngrams([many, many, "often " + many, "often"] * 2)
    assert len(found.names) == MOST


def test_only_the_beginning_of_a_long_text_is_looked_at():
    held = of(["x " * LONGEST + "late", "late"] * 5)
    assert held["late"] == [0.0, 1.0] * 5
