"""Options from the command line's strings."""

import pytest

from freshbits.errors import InputError
from freshbits.rollouts.options import parse_accept, parse_map, parse_origins, parse_weights


def test_strings_are_read():
    assert parse_map(["prompt=a", "signal.x=b=c"]) == {"prompt": "a", "signal.x": "b=c"}
    assert parse_accept(["a>=0.5", "b < 2", "c==1"]) == {"a": (">=", 0.5), "b": ("<", 2.0), "c": ("==", 1.0)}
    assert parse_accept(["reward@gpt/v1>=7"]) == {"reward@gpt/v1": (">=", 7.0)}
    assert parse_weights(["a=1", "b=-0.5"]) == {"a": 1.0, "b": -0.5}
    assert parse_origins(["a=own_state"]) == {"a": "own_state"}
    assert parse_map([]) == {}


@pytest.mark.parametrize(
    ("parse", "text", "sentence"),
    [
        (parse_map, "prompt", r"--map 'prompt' is not NAME=VALUE; write it like --map completion=text"),
        (parse_map, "promt=a", r"'promt' is no column of freshbits \(nearest: prompt\)"),
        (parse_map, "signal.=a", r"'signal\.' is no column"),
        (parse_accept, "reward", r"--accept 'reward' is not NAME>=x"),
        (parse_accept, "reward>=high", r"--accept 'reward>=high' is not NAME>=x"),
        (parse_accept, "reward>=nan", r"is not NAME>=x"),
        (parse_weights, "a=x", r"--weight a=x: 'x' is not a number"),
        (parse_weights, "=1", r"--weight '=1' is not NAME=VALUE"),
        (parse_origins, "a=outside", r"--origin a=outside: 'outside' is no origin; choose one of external"),
        (parse_origins, "a=extern", r"\(nearest: external\)"),
    ],
)
def test_a_bad_string_is_named(parse, text, sentence):
    with pytest.raises(InputError, match=sentence):
        parse([text])
