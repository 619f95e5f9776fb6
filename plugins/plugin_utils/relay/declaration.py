# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: small helpers that read declared mappings strictly and say what would be right."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ansible_collections.mailrelay.exchange.plugins.module_utils._words import near_match, shown, unseen

from .errors import InputError

__all__ = ["mapping", "near_match", "only_keys", "text"]


def mapping(raw: object, where: str, right: str) -> Mapping[str, object]:
    """A declared mapping with text as keys; `right` tells what it should look like. Raises InputError."""
    if not isinstance(raw, Mapping):
        raise InputError(f"{where}: {shown(raw)} is not a dictionary; write {right}.")
    for key in raw:
        if not isinstance(key, str) or not key.strip():
            raise InputError(f"{where}: the key {shown(key)} is not text; put it in quotes.")
        # Keys stand in every sentence about what is below them, and two that look the same are a trap.
        trouble = unseen(key)
        if trouble:
            raise InputError(f"{where}: the key {shown(key)} {trouble}; take it out.")
    return raw


def only_keys(raw: Mapping[str, object], known: Collection[str], where: str) -> None:
    """Raise InputError when the mapping has a key that nothing here understands."""
    for key in raw:
        if key not in known:
            raise InputError(f"{where}: {shown(key)} is not an option here; {near_match(key, known)}")


def text(raw: object, where: str) -> str:
    """A declared text for people, as one line; None is "". Raises InputError for anything else."""
    if raw is None:
        return ""
    if not isinstance(raw, str):
        raise InputError(f"{where}: {shown(raw)} is not text; put it in quotes.")
    line = " ".join(raw.split())
    trouble = unseen(line, invisible=False)
    if trouble:
        raise InputError(f"{where}: {shown(raw)} {trouble}; take it out.")
    return line
