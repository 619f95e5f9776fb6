# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what the version and the roles of a server lack, told before anything is written.

Without this PowerShell would say that a parameter cannot be found, which is also what it says when the account's
management role hides the parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION, Property

from .errors import InputError
from .model import ServerFacts
from .named_values import TlsCapability
from .values import ListChange

FRONT_END = "FrontendTransport"
HUB = "HubTransport"


def refuse_unavailable(values: Mapping[str, object], facts: ServerFacts, where: str) -> None:
    """Raise InputError when the server cannot have what was declared.

    Args:
        values: option name -> canonical value or ListChange; what somebody asked for, without what a profile brings.
        facts: the server.
        where: the connector, for the message.
    """
    _refuse_server_without_connectors(facts, where)
    for option, value in values.items():
        row = BY_OPTION[option]
        if not row.available(facts.version, facts.is_edge):
            raise InputError(
                f"{where}: {option} cannot be declared, because {_kind(row, facts)} does not have {row.exchange}."
            )
        refuse_unknown_word(row, value, facts, where)
    _refuse_missing_service(values.get("transport_role"), facts, where)


def refuse_unknown_word(row: Property, value: object, facts: ServerFacts, where: str) -> None:
    """Raise InputError when a word of a declared value is none that the server knows."""
    for word in _words(value):
        if not row.knows_word(word, facts.version, facts.is_edge):
            kind = f"Exchange {facts.version}"
            if row.knows_word(word, facts.version):
                kind = "an Edge Transport server"
            raise InputError(f"{where}: {row.option}: {kind} does not know {word}; take it out.")


def transport_role_of_a_new_connector(facts: ServerFacts) -> str | None:
    """The service that a new connector is for where nobody says; None where connectors have none.

    Left out, Exchange would take the Transport service (unverified), which must not have port 25 where there is a
    front end. A Mailbox server of 2013 without the Client Access role has no front end.
    """
    if not BY_OPTION["transport_role"].available(facts.version, facts.is_edge):
        return None
    return FRONT_END if facts.is_frontend_transport else HUB


def _kind(row: Property, facts: ServerFacts) -> str:
    if facts.is_edge and row.available(facts.version):
        return "an Edge Transport server"
    return f"Exchange {facts.version}"


def _words(value: object) -> Iterable[str]:
    if isinstance(value, ListChange):
        return _words(value.add)
    if isinstance(value, frozenset):
        return [entry.capability if isinstance(entry, TlsCapability) else str(entry) for entry in value]
    return [value] if isinstance(value, str) else []


def _refuse_server_without_connectors(facts: ServerFacts, where: str) -> None:
    if not (facts.is_edge or facts.is_hub_transport or facts.is_frontend_transport):
        raise InputError(
            f"{where}: {facts.name} has no transport service and so no receive connectors; name a server with the role "
            f"{'Hub Transport' if facts.version in ('2007', '2010') else 'Mailbox or Client Access'}."
        )


def _refuse_missing_service(role: object, facts: ServerFacts, where: str) -> None:
    if role == FRONT_END and not facts.is_frontend_transport:
        raise InputError(
            f"{where}: transport_role: {FRONT_END} cannot be declared, because {facts.name} has no Client Access role "
            f"and so no front end; declare {HUB}, or manage the connector on a Client Access server."
        )
    if role == HUB and not facts.is_hub_transport:
        raise InputError(
            f"{where}: transport_role: {HUB} cannot be declared, because {facts.name} has no Mailbox role and so no "
            f"Transport service; declare {FRONT_END}, or manage the connector on a Mailbox server."
        )
