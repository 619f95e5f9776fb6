# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How the simulated server finds the user of its permission cmdlets.

Source: Microsoft's page on Add-ADPermission tells the forms. That a SID is taken is `unverified`, so it is a switch.
"""

from __future__ import annotations

from collections.abc import Iterable

RELAY_SID = "S-1-5-21-1-2-3-1601"
"""SID of the account svc-relay."""


def find(
    user: str, domain: str, names: Iterable[str], sids: dict[str, str], left: Iterable[str], takes_sids: bool
) -> str | None:
    """The name under which a user is shown, None for nobody.

    Args:
        user: a name, with or without its domain, a UPN, or a SID.
        domain: what names of accounts begin with.
        names: of all users and groups, as they are shown.
        sids: SID -> name.
        left: SIDs of accounts that are gone, where an access list still has them.
        takes_sids: whether a SID is taken at all.
    """
    wanted = user.lower()
    if wanted.startswith("s-1-"):
        known = {**{sid: sid for sid in left}, **sids}
        return {sid.lower(): name for sid, name in known.items()}.get(wanted) if takes_sids else None
    shown = {name.lower(): name for name in names}
    bare = wanted.removesuffix("@lab.example") if "@" in wanted else wanted
    return shown.get(wanted) or shown.get(f"{domain}\\{bare}".lower())
