# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the accounts of a service that alone may relay after logging on, as declared.

Source: reports of administrators who let an account without a mailbox submit mail; Microsoft's "Receive connectors"
page for what each right means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .declaration import mapping, only_keys
from .desired import DesiredGrant
from .errors import InputError
from .options import parse_principal, parse_rights
from .principal_words import well_known
from .ranges import shown
from .rights import (
    ANY_RECIPIENT,
    HEADERS_ROUTING,
    SUBMIT,
    is_exchange_principal,
    is_known_anonymous,
    is_known_authenticated_users,
)

ACCOUNT_RIGHTS = (SUBMIT, ANY_RECIPIENT, HEADERS_ROUTING)
"""What an account has unless its rights are declared: it relays, with senders that it may send as anyway."""

_EXAMPLE = "[CONTOSO\\svc-app, {principal: CONTOSO\\svc-erp, rights: [...]}]"


def parse_accounts(raw: object, where: str) -> tuple[DesiredGrant, ...]:
    """The accounts of a service as grants (None: every user may relay). Raises InputError.

    Args:
        raw: a list of principals, or of mappings of principal and rights.
        where: the option, for the sentence.
    """
    if raw is None:
        return ()
    entries = [raw] if isinstance(raw, (str, Mapping)) else raw
    if not isinstance(entries, Sequence):
        raise InputError(f"{where}: {shown(raw)} is not a list of accounts; write {_EXAMPLE}.")
    if not entries:
        raise InputError(
            f"{where}: the list is empty, so that nobody could relay; name the accounts, or take it out to let every "
            "user relay who logs on."
        )
    accounts = tuple(_parse_account(entry, f"{where}[{number}]") for number, entry in enumerate(entries))
    seen: set[str] = set()
    for account in accounts:
        if account.principal.casefold() in seen:
            raise InputError(f"{where}: {shown(account.principal)} is named twice; name it once, with all its rights.")
        seen.add(account.principal.casefold())
    return accounts


def _parse_account(raw: object, where: str) -> DesiredGrant:
    if isinstance(raw, str):
        return DesiredGrant(_account(raw, where), ACCOUNT_RIGHTS, where=where)
    account = mapping(raw, where, _EXAMPLE)
    only_keys(account, ("principal", "rights"), where)
    named = f"{where}.principal"
    principal = _account(account.get("principal"), named)
    if account.get("rights") is None:
        return DesiredGrant(principal, ACCOUNT_RIGHTS, where=named)
    rights = parse_rights(account["rights"], "present", f"{where}.rights")
    for right in (SUBMIT, ANY_RECIPIENT):
        if right not in rights:
            raise InputError(f"{where}.rights: without {right} the account could not relay; add it.")
    return DesiredGrant(principal, rights, where=named)


def _account(raw: object, where: str) -> str:
    principal = parse_principal(raw, where)
    refuse_everybody(principal, where)
    return principal


def refuse_everybody(principal: str, where: str, names: Iterable[str] = ()) -> None:
    """Raise InputError for a principal that is no account.

    Args:
        principal: as declared, or as a server shows it.
        where: the option, for the sentence.
        names: how a server names clients that do not log on, and everybody who has.
    """
    known = (
        well_known(principal)
        or is_known_anonymous(principal)
        or is_known_authenticated_users(principal)
        or is_exchange_principal(principal)
        or principal.casefold() in {name.casefold() for name in names}
    )
    if known:
        raise InputError(
            f"{where}: {shown(principal)} is not an account that logs on; name one, such as CONTOSO\\svc-app, or take "
            "accounts out to let every user relay who logs on."
        )
