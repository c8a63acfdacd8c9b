r"""The core twelve: the features of surface form that are counted on every row.

Each is pinned to bytes and ASCII: white space is space, tab, newline, vertical tab, form feed and carriage
return; a line ends at "\n" only; letters, digits and word characters are the ASCII ones. They are cheap marks
of style, not measures of it: two texts that mean the same may differ in all of them, which is their purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from freshbits.outputs.features.bytemap import Bitmap, ByteMap, after, before
from freshbits.outputs.features.feature import Feature, scanned

if TYPE_CHECKING:
    from numpy.typing import NDArray

SPACE, NEWLINE, HASH, STAR, DASH, QUESTION, CAPITAL_I, BACKTICK = b" \n#*-?I`"

FIRST_TOKENS = (
    "empty",  # nothing, or white space only
    "capital",  # A-Z
    "lowercase",  # a-z
    "number",  # a digit, or a sign before one
    "markdown",  # # * - + > |, where no number follows
    "code_fence",  # three backticks
    "latex",  # \ or $
    "tag",  # <
    "punctuation",  # any other printable ASCII mark
    "other",  # a byte of a non-ASCII character, or a control character
)


def _table(*classes: tuple[bytes, str]) -> NDArray[np.uint8]:
    table = np.full(256, FIRST_TOKENS.index("other"), dtype=np.uint8)
    table[33:127] = FIRST_TOKENS.index("punctuation")
    for members, name in classes:
        table[list(members)] = FIRST_TOKENS.index(name)
    return table


def _members(*chars: bytes) -> NDArray[np.bool_]:
    table = np.zeros(256, dtype=bool)
    table[list(b"".join(chars))] = True
    return table


_CAPITALS = bytes(range(65, 91))
_LOWER = bytes(range(97, 123))
_DIGITS = bytes(range(48, 58))
_WORD = _members(_CAPITALS, _LOWER, _DIGITS, b"_")
_DIGIT = _members(_DIGITS)
_SIGN = _members(b"+-")
_CLEAN = _members(b".!?", b"\"')]}>", b"`*_$|")
_CJK_STOPS = tuple(stop.encode() for stop in "。！？")
_FIRST = _table(
    (_CAPITALS, "capital"),
    (_LOWER, "lowercase"),
    (_DIGITS, "number"),
    (b"#*-+>|", "markdown"),
    (b"\\$", "latex"),
    (b"<", "tag"),
)


def _characters(block: ByteMap) -> NDArray[np.int64]:
    # Every byte but the continuation bytes of UTF-8 opens a character.
    length: NDArray[np.int64] = block.ends - block.starts
    return length if block.is_ascii else length - block.count(block.between(0x80, 0xBF))


def _words(block: ByteMap) -> NDArray[np.int64]:
    return block.count(block.equal(SPACE)) + 1


def _lines(block: ByteMap) -> NDArray[np.int64]:
    return block.count(block.equal(NEWLINE)) + 1


def _digits(block: ByteMap) -> NDArray[np.int64]:
    return block.count(block.between(48, 57))


def _runs(places: Bitmap, least: int) -> Bitmap:
    """Returns the first place of each run of at least `least` neighbouring places."""
    if not places.any():
        return places
    firsts = places & ~after(places)
    for by in range(1, least):
        firsts &= before(places, by)
    return firsts


def _code_fences(block: ByteMap) -> NDArray[np.int64]:
    return block.count(_runs(block.equal(BACKTICK), 3))


def _bullets(block: ByteMap) -> NDArray[np.int64]:
    spaces = block.equal(SPACE)
    two = spaces & before(spaces)
    four = two & before(two, 2)
    # Doubling: up to 1, then 3, then 7 spaces after the start of the line.
    opening = block.line_starts
    opening = opening | after(opening & spaces)
    opening |= after(opening & two, 2)
    opening |= after(opening & four, 4)
    return block.count(opening & (block.equal(DASH) | block.equal(STAR)) & before(spaces))


def _bold(block: ByteMap) -> NDArray[np.int64]:
    return block.count(_runs(block.equal(STAR), 2))


def _headings(block: ByteMap) -> NDArray[np.int64]:
    hashes = block.equal(HASH)
    if not hashes.any():
        return block.count(hashes)
    two = hashes & before(hashes)
    # One hash, then up to one, two and two more: one to six.
    passed = after(block.line_starts & hashes)
    passed |= after(passed & hashes)
    passed |= after(passed & two, 2)
    passed |= after(passed & two, 2)
    return block.count(passed & block.equal(SPACE))


def _question_marks(block: ByteMap) -> NDArray[np.int64]:
    return block.count(block.equal(QUESTION))


def _first_person(block: ByteMap) -> NDArray[np.int64]:
    places = block.positions(block.equal(CAPITAL_I))
    # The byte before the first is the block's last, which is always a dividing newline.
    alone = ~(_WORD[block.data[places - 1]] | _WORD[block.data[places + 1]])
    return block.count_positions(places[alone])


def _ends_cleanly(block: ByteMap) -> NDArray[np.bool_]:
    length = block.last - block.starts
    ends = [block.at(block.last - back, length >= back) for back in (3, 2, 1)]
    clean: NDArray[np.bool_] = _CLEAN[ends[2]] & (length > 0)
    for stop in _CJK_STOPS:
        clean |= (ends[0] == stop[0]) & (ends[1] == stop[1]) & (ends[2] == stop[2])
    return clean


def _first_token(block: ByteMap) -> NDArray[Any]:
    # What stands beyond the row's end is a dividing newline, which is in none of the classes asked for.
    here = [block.data[np.minimum(block.first + ahead, block.ends)] for ahead in range(3)]
    token = np.where(block.first < block.ends, _FIRST[here[0]], np.uint8(0))
    signed = _SIGN[here[0]] & _DIGIT[here[1]]
    token[signed] = FIRST_TOKENS.index("number")
    fence = (here[0] == BACKTICK) & (here[1] == BACKTICK) & (here[2] == BACKTICK)
    token[fence] = FIRST_TOKENS.index("code_fence")
    return token


CORE: tuple[Feature, ...] = (
    scanned("characters", 1, "count", "Unicode code points", _characters),
    scanned("words", 1, "count", "spaces plus one (an empty text has one)", _words),
    scanned("lines", 1, "count", "newlines plus one", _lines),
    scanned("digits", 1, "count", "ASCII digits", _digits),
    scanned("code_fences", 1, "count", "runs of three or more backticks", _code_fences),
    scanned("bullets", 1, "count", "lines that open, after at most seven spaces, with '- ' or '* '", _bullets),
    scanned("bold", 1, "count", "runs of two or more asterisks", _bold),
    scanned("headings", 1, "count", "lines that open with one to six '#' and a space", _headings),
    scanned("question_marks", 1, "count", "ASCII question marks", _question_marks),
    scanned("first_person", 1, "count", "'I' with no ASCII word character on either side", _first_person),
    scanned(
        "ends_cleanly",
        1,
        "flag",
        "the last byte before trailing white space ends a sentence or closes a quote, bracket or mark",
        _ends_cleanly,
    ),
    scanned(
        "first_token",
        1,
        "category",
        "class of the first byte after leading white space",
        _first_token,
        FIRST_TOKENS,
    ),
)
