# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sentences about options in the words of who wrote variables of a role. PRIVATE to the collection."""

from __future__ import annotations

import re
from collections.abc import Mapping

GROUPS = "source_groups"


def in_variables(
    sentence: str, action: str, variables: Mapping[str, str], groups: Mapping[str, Mapping[str, object]]
) -> str:
    """A sentence that starts with an option, with the variable that stands for the option in its place.

    Args:
        sentence: text of an error.
        action: name of the action, which some sentences have in front; a user of a role does not know it.
        variables: option -> variable.
        groups: variable that adds source groups -> its groups; the sentence names the variable that has the group.
    """
    found = re.match(rf"(?:{re.escape(action)}: )?({'|'.join(map(re.escape, variables))})(?=[.: ])", sentence)
    if found is None:
        return sentence
    option, rest = found[1], sentence[found.end() :]
    variable = variables[option]
    if option == GROUPS and rest.startswith("."):
        variable = next((name for name, value in groups.items() if _names_one(rest[1:], value)), variable)
    return variable + rest


def _names_one(rest: str, groups: Mapping[str, object]) -> bool:
    return any(rest.startswith((f"{group}:", f"{group}.", f"{group} ")) for group in groups)
