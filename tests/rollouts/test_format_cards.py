"""What `freshbits formats` says: every card whole, one format in full, the same as JSON."""

import json

import pytest

from freshbits.rollouts.read import READERS, formats

CARDS = formats()


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_a_card_says_what_can_and_cannot_be_told_and_the_traps(card):
    assert card.files
    assert card.tells
    assert card.cannot_tell
    assert card.traps or "refused" in card.files
    assert all(trap.endswith(".") for trap in card.traps)


def test_names_and_titles_are_one_each():
    assert len({card.name for card in CARDS}) == len({card.title for card in CARDS}) == len(READERS)


def test_one_format_is_told_in_full(freshbits):
    ran = freshbits("formats", "inspect")
    assert ran.code == 0
    said = " ".join(ran.out.split())
    card = next(card for card in CARDS if card.name == "inspect")
    for text in (card.title, card.files, card.tells, card.cannot_tell, *card.traps):
        assert " ".join(text.split()) in said


def test_cards_are_json_too(freshbits, tmp_path):
    ran = freshbits("formats", "--json", "-")
    assert [told["name"] for told in json.loads(ran.out)] == [card.name for card in CARDS]
    freshbits("formats", "verl", "--json", tmp_path / "verl.json")
    told = json.loads((tmp_path / "verl.json").read_text())
    assert set(told) == {"name", "title", "files", "tells", "cannot_tell", "traps"}
    assert told["name"] == "verl"


def test_an_unknown_format_is_named_with_the_nearest(freshbits):
    ran = freshbits("formats", "verls")
    assert ran.code == 2
    assert "verls: no such format (nearest: verl)" in ran.err
