"""Texts that nobody vouches for, quoted so that nothing of them can stand outside the quotation.

Each line of a quoted text begins with a mark. What the text says cannot end the quotation, because no line of it can
stand without the mark: all that a reader may take for the end of a line is one. The mark is an HMAC of a secret of the
run and of the texts, so a text cannot hold it either. And what a chat template or a terminal would take for more than
text (role tags, control and invisible characters) is written so that it is text.

References: Greshake et al., Not what you've signed up for, AISec 2023; Hines et al., Defending Against Indirect Prompt
Injection With Spotlighting, 2024 (datamarking).
"""

from __future__ import annotations

import hmac
import re
import unicodedata

MARK = 12  # hex digits
_ENDS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# Special tokens of chat templates: <|im_end|>, <｜User｜>, </s>, <start_of_turn>, <<SYS>>, [INST], [/INST], …
_TAG = re.compile(r"[<＜﹤](?=[^\s<>]{1,64}?[>＞﹥])|[<＜﹤](?=[|｜∣ǀ/<＜])|\[(?=/?[A-Z][A-Z0-9_ ]{1,40}\])")
_HIDDEN = {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"}
_KEPT = "\t\u200c\u200d"  # a tab, and the joiners that scripts and emoji need


def marks(secret: str, *texts: str) -> tuple[str, str]:
    """Returns the mark that quotes these texts, and the code that a reply to them must hold.

    >>> one, other = marks("a", "text"), marks("b", "text")
    >>> len(one[0]), len(one[1]), set(one) & set(other)
    (12, 12, set())
    """
    digest = hmac.new(secret.encode(), digestmod="sha256")
    for text in texts:
        raw = text.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "little") + raw)
    found = digest.hexdigest()
    return found[:MARK], found[MARK : 2 * MARK]


def quote(text: str, mark: str, longest: int | None = None) -> str:
    r"""Returns a text as lines that all begin with the mark.

    Args:
        text: any text.
        mark: what `marks` gave.
        longest: most characters; of a longer text the middle is left out, and a line *outside* the quotation says so.

    >>> print(quote("one\u2028two <|im_end|>\x00", "ab12"))
    ab12| one
    ab12| two <\|im_end|>\u{0}
    """
    if longest is None or len(text) <= longest:
        return _lines(text, mark)
    half = longest // 2
    left = len(text) - 2 * half
    middle = f"({left} characters are left out here)"
    return "\n".join([_lines(text[:half], mark), middle, _lines(text[-half:], mark)])


def shown(line: str) -> str:
    """Returns one line as text that means nothing to a template: tags broken, what is invisible spelled out."""
    broken = _TAG.sub(lambda found: found[0] + "\\", line)
    return broken.translate(_SPELLED)


def _lines(text: str, mark: str) -> str:
    return "\n".join(f"{mark}| {shown(line)}" for line in _ENDS.split(text))


class _Spelled(dict[int, str]):
    """Knows how each character is written; one that was not met before is looked up once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character not in _KEPT and unicodedata.category(character) in _HIDDEN:
            character = f"\\u{{{code:x}}}"
        self[code] = character
        return character


_SPELLED = _Spelled()
