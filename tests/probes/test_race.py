"""The race: what is easy is learned first, what cannot be told apart or learned is said so, bytes are the same."""

import numpy as np
import pytest

from freshbits.errors import InputError
from freshbits.probes.families import chosen, installed
from freshbits.probes.pairs import Pairs
from freshbits.probes.race import race
from freshbits.probes.risk import WEIGHTS, chances, probability

MARK, EARLIER, LATER = 40, 41, 42
NEURAL = pytest.mark.skipif(len(installed()) == 1, reason="needs torch")


def world(n, agreement, seed=0, length=10):
    """Returns pairs of token lists with `mark` (a token that is there or not) and `order` (of two distant tokens)."""
    rng = np.random.default_rng(seed)
    higher = {name: rng.random(n) < a for name, a in agreement.items()}

    def text(mark, order):
        tokens = rng.integers(1, 30, length).tolist()
        if mark:
            tokens[4] = MARK
        tokens[1], tokens[7] = (EARLIER, LATER) if order else (LATER, EARLIER)
        return tokens

    accepted = [text(m, o) for m, o in zip(higher["mark"], higher["order"], strict=True)]
    rejected = [text(not m, not o) for m, o in zip(higher["mark"], higher["order"], strict=True)]
    return Pairs(accepted, rejected), {name: (h * 1.0, 1.0 - h) for name, h in higher.items()}


PAIRS, CANDIDATES = world(600, {"mark": 0.8, "order": 0.95})


def test_the_ngram_probe_learns_a_token_and_never_a_distant_order():
    mark = race(PAIRS, CANDIDATES, beside="order")[0]
    assert mark.name == "mark"
    assert mark.learned_first > 0.9
    assert abs(mark.against["ngram"].aulc - 0.5) < 0.08
    assert mark.agreement == pytest.approx(0.8, abs=0.05)


def test_what_it_is_compared_with_must_be_learned_by_some_probe():
    mark = race(PAIRS, CANDIDATES, beside="order")[0]
    assert (mark.status, mark.code) == ("undecided", "PROBE_TRUTH_NOT_LEARNED")
    assert chances(mark)[0] > 0.5


@NEURAL
def test_networks_with_places_learn_the_order():
    found = {r.name: r for r in race(PAIRS, CANDIDATES, families=("cnn", "gru", "transformer"), beside="order")}
    assert {family: each.accuracy > 0.8 for family, each in found["mark"].against.items()} == dict.fromkeys(
        ("cnn", "gru", "transformer"), True
    )
    assert found["mark"].low < found["mark"].relied_on < found["mark"].high
    assert found["mark"].crossover is None or found["mark"].crossover.when in ("at once", "later")


@NEURAL
@pytest.mark.parametrize("family", ["cnn", "gru", "transformer"])
def test_the_same_input_and_seed_give_the_same_bytes_and_leave_torch_as_it_was(family):
    import torch

    torch.set_num_threads(2)
    torch.manual_seed(5)
    state = torch.random.get_rng_state()
    pairs, candidates = world(96, {"mark": 0.8, "order": 0.9})
    one, again = (repr(race(pairs, candidates, families=(family,), seed=3)) for _ in range(2))
    assert one == again
    assert one != repr(race(pairs, candidates, families=(family,), seed=4))
    assert torch.get_num_threads() == 2
    assert torch.equal(state, torch.random.get_rng_state())
    torch.set_num_threads(1)


@pytest.mark.parametrize("family", installed())
def test_what_else_runs_does_not_matter(family):
    pairs, candidates = world(96, {"mark": 0.8, "order": 0.9})
    both = {r.name: r for r in race(pairs, candidates, families=(family,))}
    (alone,) = race(pairs, {"mark": candidates["mark"]}, families=(family,))
    assert alone.relied_on == pytest.approx(both["mark"].relied_on, rel=1e-3)


def test_which_side_a_feature_is_on_does_not_change_what_it_costs_to_learn():
    (one,) = race(PAIRS, {"mark": CANDIDATES["mark"]})
    (other,) = race(PAIRS, {"mark": CANDIDATES["mark"][::-1]})
    assert one.price_bits == pytest.approx(other.price_bits)
    assert one.relied_on == pytest.approx(other.relied_on)
    assert one.agreement == pytest.approx(1 - other.agreement)


def test_two_names_of_one_thing_are_not_told_apart():
    both = {"truth": CANDIDATES["mark"], "copy": CANDIDATES["mark"]}
    found = {r.name: r for r in race(PAIRS, both, beside="truth")}
    assert (found["copy"].status, found["copy"].code) == ("not_identifiable", "PROBE_EMPTY_CELL")
    assert found["copy"].crossover is None


def test_truth_is_not_read_through_a_shortcut():
    """Truth is a coin that no text shows and that goes with the mark: unweighted, it would seem to be learned."""
    rng = np.random.default_rng(3)
    mark = np.asarray(CANDIDATES["mark"][0] == 1.0)
    truth = mark ^ (rng.random(mark.size) < 0.15)
    found = {r.name: r for r in race(PAIRS, {"mark": CANDIDATES["mark"], "truth": (truth * 1.0, 1.0 - truth)})}
    assert found["truth"].learned_first > 0.7
    beside = race(PAIRS, {"mark": CANDIDATES["mark"], "truth": (truth * 1.0, 1.0 - truth)}, beside="truth")
    alone = next(r for r in beside if r.name == "mark").against["ngram"]
    assert alone.aulc < 0.62
    assert alone.accuracy < 0.6


def test_what_the_signal_does_not_lean_to_is_left_open():
    pairs, candidates = world(600, {"mark": 0.5, "order": 0.9})
    (found,) = race(pairs, {"mark": candidates["mark"]})
    assert found.learned_first > 0.9
    assert (found.status, found.code) == ("undecided", "PROBE_NO_LEAN")


def test_few_pairs_make_no_pass():
    some = np.full(600, np.nan)
    some[:20] = 1.0
    (found,) = race(PAIRS, {"rare": (some, np.zeros(600))})
    assert (found.code, found.pairs, found.relied_on) == ("PROBE_FEW_PAIRS", 20, None)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"families": ("rnn",)}, "no family"),
        ({"families": ()}, "no family"),
        ({"beside": "truth"}, "no candidate"),
    ],
)
def test_unknown_names_are_refused(asked, problem):
    with pytest.raises(InputError, match=problem):
        race(PAIRS, CANDIDATES, **asked)


def test_values_must_be_two_columns():
    with pytest.raises(InputError, match="two columns of 600"):
        race(PAIRS, {"mark": (np.ones(5), np.ones(5))})


def test_an_option_names_families():
    assert chosen("auto") == installed()
    with pytest.raises(InputError, match="no probe"):
        chosen("n-gram")


def test_a_family_without_torch_says_what_to_install(monkeypatch):
    monkeypatch.setattr("freshbits.probes.families.find_spec", lambda name: None)
    assert chosen("auto") == ("ngram",)
    with pytest.raises(InputError, match="needs torch"):
        chosen("gru")
    with pytest.raises(InputError, match="needs torch"):
        race(PAIRS, CANDIDATES, families=("cnn",))


@pytest.mark.parametrize("family", sorted(WEIGHTS))
def test_the_probability_grows_with_agreement_and_bits(family):
    families = ["ngram", "cnn"] if family == "all" else [family]
    assert probability(families, -0.3, 0.0, 0.0) < probability(families, 0.0, 0.0, 0.0)
    assert probability(families, 0.0, 0.0, -0.3) < probability(families, 0.0, 0.0, 0.2)
