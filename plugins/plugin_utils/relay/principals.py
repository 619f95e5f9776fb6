# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: declared principals, and the names under which a server shows them."""

from __future__ import annotations

from typing import Literal

from .errors import InputError
from .ownership import account
from .rights import ANONYMOUS_WORD
from .world import Picture, World

_ANONYMOUS_SID = "s-1-5-7"


def principal_name(
    principal: str,
    before: Picture | None,
    world: World,
    state: Literal["present", "absent"] = "present",
    where: str = "grants",
) -> str:
    """The name that this server shows for a declared principal, or the declared one as long as it shows none.

    Args:
        principal: as declared.
        before: the connector, None for one that does not exist yet.
        world: its server.
        state: whether its rights have to be there or must not.
        where: the option it stands in, for the sentence.

    Raises:
        InputError: what was declared cannot be compared with what the server shows, so that nobody could tell whether
            the right is there.
    """
    word = principal.casefold()
    if word in (ANONYMOUS_WORD, _ANONYMOUS_SID):
        return world.anonymous
    entries = () if before is None else before.entries or ()
    names = {world.anonymous, *(entry.principal for entry in entries)}
    exact = [name for name in names if name.casefold() == word]
    found = exact or [name for name in names if "\\" not in word and account(name) == word]
    if len(found) > 1:
        names_found = " or ".join(sorted(found))
        connector = "" if before is None else f" on connector {before.name!r}"
        raise InputError(f"{where}: {principal!r} may be {names_found}{connector}; write which.")
    if not found and word.startswith("s-1-") and state == "present":
        raise InputError(f"{where}: {principal!r} is a SID, and Exchange shows names; write anonymous or DOMAIN\\name.")
    return found[0] if found else principal
