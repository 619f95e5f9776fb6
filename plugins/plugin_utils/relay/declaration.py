# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: small helpers that read declared mappings strictly and say what would be right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from .errors import InputError
from .ranges import shown


def near_match(word: str, known: Collection[str]) -> str:
    """A remark that names the known word somebody probably meant, or lists what there is."""
    folded = {entry.casefold(): entry for entry in known}
    close = get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    if close:
        return f"did you mean {folded[close[0]]}?"
    listed = ", ".join(sorted(known)[:12])
    return f"there is {listed}." if listed else "there is none."


def mapping(raw: object, where: str, right: str) -> Mapping[str, object]:
    """A declared mapping with text as keys; `right` tells what it should look like. Raises InputError."""
    if not isinstance(raw, Mapping):
        raise InputError(f"{where}: {shown(raw)} is not a mapping; write {right}.")
    for key in raw:
        if not isinstance(key, str) or not key.strip():
            raise InputError(f"{where}: the key {shown(key)} is not text; put it in quotes.")
    return raw


def only_keys(raw: Mapping[str, object], known: Collection[str], where: str) -> None:
    """Raise InputError when the mapping has a key that nothing here understands."""
    for key in raw:
        if key not in known:
            raise InputError(f"{where}: {shown(key)} is not an option here; {near_match(key, known)}")


def text(raw: object, where: str) -> str:
    """A declared text; None is "". Raises InputError for anything else."""
    if raw is None:
        return ""
    if not isinstance(raw, str):
        raise InputError(f"{where}: {shown(raw)} is not text; put it in quotes.")
    return str(raw).strip()
