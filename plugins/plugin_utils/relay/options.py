# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: the options of the modules for one aspect of a connector, read into desired connectors."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

from ansible_collections.mailrelay.exchange.plugins.module_utils._argument_spec import GRANT_SPEC
from ansible_collections.mailrelay.exchange.plugins.module_utils._profiles import PROFILES
from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION, PROPERTIES, THROTTLING

from .declaration import mapping, near_match, only_keys
from .desired import DesiredConnector, DesiredConnectors, DesiredGrant
from .errors import InputError
from .ranges import shown
from .rights import GRANTABLE, INTERNAL, right_name
from .values import parse_option

_RIGHT_PREFIX = "ms-Exch-"
_GUID = re.compile(r"\{?(?P<guid>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})\}?", re.ASCII)
_DEFAULT_USAGE = "Custom"


def parse_values(options: Mapping[str, object], where: str) -> dict[str, object]:
    """Options of a receive connector as canonical values; None is left out, because it means "not managed".

    Raises:
        InputError: with `where` in front.
    """
    values: dict[str, object] = {}
    for option, raw in options.items():
        if raw is None:
            continue
        try:
            values[option] = parse_option(BY_OPTION[option], raw)
        except InputError as error:
            raise InputError(f"{where}: {error}" if where else str(error)) from None
    return values


def parse_name(raw: object, option: str, server_name: str) -> str:
    """The name of a connector, with the server's in the place of {server}; `option` is for the message.

    Raises:
        InputError: no connector can have it.
    """
    named = raw.replace("{server}", server_name) if isinstance(raw, str) else raw
    try:
        return str(parse_option(BY_OPTION["name"], named))
    except InputError as error:
        raise InputError(str(error).replace("name:", f"{option}:", 1)) from None


def _state(raw: object, where: str) -> Literal["present", "absent"]:
    if raw in (None, "present"):
        return "present"
    if raw == "absent":
        return "absent"
    raise InputError(f"{where}: {shown(raw)} is neither present nor absent.")


def parse_receive_connector(options: Mapping[str, object], server_name: str) -> DesiredConnectors:
    """The options of module receive_connector: one connector, values only; rights are left as they are.

    Args:
        options: the module's options.
        server_name: short name of the server, for {server} in the name.
    """
    name = parse_name(options.get("name"), "name", server_name)
    state = _state(options.get("state"), "state")
    guid = _guid(options.get("guid"))
    previous = _previous_name(options.get("previous_name"), server_name)
    _refuse_unclear_identity(name, state, guid, previous)
    rows = {row.option: options.get(row.option) for row in PROPERTIES if row.option != "name"}
    values = {} if state == "absent" else parse_values(rows, "")
    usage = values.pop("usage", _DEFAULT_USAGE)
    return DesiredConnectors(
        (
            DesiredConnector(
                name, "connector", state, values=values, previous_name=previous, guid=guid, usage=str(usage)
            ),
        )
    )


def _previous_name(raw: object, server_name: str) -> str:
    return "" if raw is None else parse_name(raw, "previous_name", server_name)


def _guid(raw: object) -> str:
    if raw is None:
        return ""
    match = _GUID.fullmatch(raw.strip()) if isinstance(raw, str) else None
    if match is None:
        raise InputError(
            f"guid: {shown(raw)} is not a GUID; write one such as 75d6aeb5-cd4a-4c58-ab2c-76304ea198ab, as "
            "receive_connector_info lists it."
        )
    return match["guid"].lower()


def _refuse_unclear_identity(name: str, state: str, guid: str, previous: str) -> None:
    if not previous:
        return
    if guid:
        raise InputError("previous_name: the guid tells already which connector is meant; take one of them out.")
    if state == "absent":
        raise InputError("previous_name: a connector that is to go is not renamed; take it out.")
    if previous.casefold() == name.casefold():
        raise InputError(f"previous_name: {shown(previous)} is the connector's name already; take it out.")


def parse_receive_connector_throttling(options: Mapping[str, object], server_name: str) -> DesiredConnectors:
    """The options of module receive_connector_throttling: one existing connector, throttle properties only."""
    name = parse_name(options.get("connector"), "connector", server_name)
    profile = options.get("profile")
    if profile is not None and profile not in PROFILES:
        raise InputError(f"profile: {shown(profile)} is not a profile; {near_match(str(profile), PROFILES)}")
    values = parse_values({row.option: options.get(row.option) for row in THROTTLING}, "")
    if profile is None and not values:
        raise InputError("profile: neither a profile nor a throttle value is given; give one of them.")
    return DesiredConnectors(
        (DesiredConnector(name, "throttling", values=values, profile=str(profile) if profile is not None else ""),)
    )


def parse_receive_connector_permission(options: Mapping[str, object], server_name: str) -> DesiredConnectors:
    """The options of module receive_connector_permission: one existing connector, grants only."""
    name = parse_name(options.get("connector"), "connector", server_name)
    raw = options.get("grants")
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        raise InputError(f"grants: {shown(raw)} is not a list; write [{{principal: anonymous, rights: [...]}}].")
    grants = tuple(_parse_grant(entry, f"grants[{number}]") for number, entry in enumerate(raw))
    _refuse_contradictions(grants)
    return DesiredConnectors(
        (DesiredConnector(name, "permission", grants=grants, exclusive=options.get("exclusive") is True),)
    )


def _parse_grant(raw: object, where: str) -> DesiredGrant:
    grant = mapping(raw, where, "{principal: anonymous, rights: [ms-Exch-SMTP-Accept-Any-Recipient]}")
    only_keys(grant, GRANT_SPEC, where)
    principal = parse_principal(grant.get("principal"), f"{where}.principal")
    state = _state(grant.get("state"), f"{where}.state")
    deny = grant.get("deny")
    if deny not in (None, True, False):
        raise InputError(f"{where}.deny: {shown(deny)} is neither true nor false.")
    rights = parse_rights(grant.get("rights"), state, f"{where}.rights")
    return DesiredGrant(principal, rights, deny is True, state, f"{where}.principal")


def parse_principal(raw: object, where: str) -> str:
    """A principal as declared, in any form that Exchange takes. Raises InputError."""
    if not isinstance(raw, str) or not raw.strip():
        raise InputError(f"{where}: {shown(raw)} is not a principal; write anonymous or DOMAIN\\name.")
    if not raw.strip().isprintable():
        raise InputError(
            f"{where}: {shown(raw)} has a control character inside; take it out (in double quotes YAML reads a "
            "backslash and a letter as one: write DOMAIN\\name without quotes)."
        )
    return raw.strip()


def parse_rights(raw: object, state: str, where: str) -> tuple[str, ...]:
    """Extended rights in their usual spelling, each once.

    Args:
        raw: one right, or a list.
        state: "present", or "absent" where even reserved rights may go.
        where: the option, for the sentence.

    Raises:
        InputError: there is none, or one that is not for granting.
    """
    words = [raw] if isinstance(raw, str) else raw
    if not isinstance(words, Sequence) or not words:
        raise InputError(f"{where}: no right is given; name at least one, such as {GRANTABLE[1]}.")
    return tuple(dict.fromkeys(_right(word, state, where) for word in words))


def _right(raw: object, state: str, where: str) -> str:
    word = right_name(raw) if isinstance(raw, str) else ""
    if word in GRANTABLE:
        return word
    if word in INTERNAL:
        if state == "absent":
            return word
        raise InputError(f"{where}: {word} is reserved for Exchange's own servers and is never granted; take it out.")
    if right_name(_RIGHT_PREFIX + word) in GRANTABLE:
        raise InputError(f"{where}: {shown(raw)} is not a right; did you mean {right_name(_RIGHT_PREFIX + word)}?")
    raise InputError(f"{where}: {shown(raw)} is not a right on receive connectors; {near_match(str(raw), GRANTABLE)}")


def _refuse_contradictions(grants: Sequence[DesiredGrant]) -> None:
    seen: dict[tuple[str, str, bool], str] = {}
    for grant in grants:
        for right in grant.rights:
            key = (grant.principal.casefold(), right, grant.deny)
            if seen.setdefault(key, grant.state) != grant.state:
                raise InputError(
                    f"grants: {right} of {shown(grant.principal)} is declared present and absent; decide for one."
                )
