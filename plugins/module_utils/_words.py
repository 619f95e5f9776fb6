# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Words that sentences about wrong input have in common. PRIVATE to the collection."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from datetime import date
from difflib import get_close_matches

_LONGEST = 80
_MOST_LISTED = 12
_HUGE = 10**100


def shown(value: object) -> str:
    """Return a value as it appears in a message: as YAML would write it, texts in quotes, and not too long."""
    text = _written(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."


def _written(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # Python's own writing shows what cannot be seen: control characters, zero-width ones, halves of pairs.
        return repr(str(value))
    if isinstance(value, int) and abs(value) >= _HUGE:
        return hex(value)  # Python does not write decimal digits without end
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, bytes):
        return "binary data"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_written(key)}: {_written(value[key])}" for key in value) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    return repr(value)


def unseen(text: str, invisible: bool = True) -> str:
    """Return what a text has in it that nobody sees in a list or cannot be sent, as "has ... inside"; else "".

    invisible: also look for signs without width, such as the one that text copied from a web page has in it.
    """
    if text.isprintable():
        return ""
    for sign in text:
        kind = unicodedata.category(sign)
        if kind in ("Cc", "Zl", "Zp"):
            return "has a line break or another control character inside"
        if kind == "Cs":
            return "has half of a character inside (a lone surrogate)"
        if kind == "Cf" and invisible:
            return f"has an invisible character inside (U+{ord(sign):04X})"
    return ""


def near_match(word: str, known: Collection[str]) -> str:
    """Return a remark that names the known word somebody probably meant, or lists what there is."""
    close = meant(word, known)
    if close:
        return f"did you mean {close}?"
    listed = ", ".join(sorted(known)[:_MOST_LISTED])
    return f"there is {listed}." if listed else "there is none."


def meant(word: str, known: Collection[str]) -> str:
    """Return the known word that is most like this one, "" when none is."""
    folded = {entry.casefold(): entry for entry in known}
    close = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else ""
