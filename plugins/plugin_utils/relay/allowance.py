# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what a connector lets the clients do that it answers, also where nobody read its list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .effective import NONE, ConnectorAccess, group_entries, logons
from .legality import EXTERNAL
from .model import AccessEntry


@dataclass(frozen=True)
class Allowance:
    """What a connector lets clients do.

    Attributes:
        may: of SUBMITS, RELAYS and TRUSTED, what a client may that does not log on; None when the access list is not
            known and decides.
        senders: which senders it may name (ANY, FOREIGN, NONE), None as before.
        tls_required: whether it may all that only after STARTTLS.
        logons: mechanisms (words of auth_mechanism) with which users may log on without TLS.
        logons_after_tls: those with which they may after STARTTLS.
        users_may: what a user without rights of his own may after logging on; None as for `may`.
        users_senders: which senders he may name (ANY, OWN, NONE), None as before.
        doubts: sentences about what this rests on that no access list tells.
    """

    may: tuple[str, ...] | None
    senders: str | None
    tls_required: bool
    logons: tuple[str, ...]
    logons_after_tls: tuple[str, ...]
    users_may: tuple[str, ...] | None
    users_senders: str | None
    doubts: tuple[str, ...] = ()


def allowance(
    values: Mapping[str, Any], entries: Sequence[AccessEntry] | None, anonymous: str, version: str = "", users: str = ""
) -> Allowance:
    """What a connector with these values and this access list lets clients do.

    Args:
        values: option name -> canonical value.
        entries: its access list, None when it was not read.
        anonymous: how the list names the anonymous principal.
        version: that of the server, one of VERSIONS; "" for one after 2007.
        users: how the list names everybody who has logged on, "" when nothing told.
    """
    secures = EXTERNAL in (values.get("auth_mechanism") or ())
    # What the mechanism trusts has its rights from a permission group, which tells enough.
    known = group_entries(values.get("permission_groups") or (), anonymous, version) if entries is None else entries
    access = ConnectorAccess.of(values, known, anonymous, version, users)
    strangers, user = access.of_strangers(), access.of_user()
    told, users_told = secures or entries is not None, entries is not None
    plain, after_tls = logons(values)
    return Allowance(
        strangers.may if told else None,
        strangers.senders if told else None,
        values.get("require_tls") is True,
        plain,
        after_tls,
        (user.may if after_tls else ()) if users_told else None,
        (user.senders if after_tls else NONE) if users_told else None,
        tuple(dict.fromkeys((*strangers.doubts, *(user.doubts if after_tls else ())))) if told else (),
    )
