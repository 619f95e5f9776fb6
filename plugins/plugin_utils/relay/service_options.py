# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: what a service says of its connector beside its method and its sources."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ansible_collections.mailrelay.exchange.plugins.module_utils._profiles import PROFILES
from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION, THROTTLING

from .declaration import mapping, near_match, only_keys
from .desired import AUTHENTICATED, EXTERNALLY_SECURED, GROUP_OF_METHOD, DesiredGrant, Method
from .errors import InputError
from .legality import EXTERNAL
from .options import parse_values
from .ranges import shown

# What a service says in words of its own, and so not a second time among the connector's options.
_SAID_ELSEWHERE = {"name": "connector_name", "remote_ip_ranges": "sources", "usage": "method"}


def parse_throttling(raw: object, where: str) -> tuple[str, dict[str, object]]:
    """Name of the profile ("" for none) and the values declared beside it, option name -> canonical value.

    Raises:
        InputError: there is no such profile, or a value is wrong.
    """
    if raw is None:
        return "", {}
    if isinstance(raw, str):
        return _profile(raw, where), {}
    options = mapping(raw, where, "the name of a profile, or {profile: guarded, max_inbound_connection: 200}")
    only_keys(options, ("profile", *(row.option for row in THROTTLING)), where)
    profile = options.get("profile")
    values = {key: value for key, value in options.items() if key != "profile"}
    return _profile(profile, f"{where}.profile") if profile is not None else "", parse_values(values, where)


def _profile(raw: object, where: str) -> str:
    if isinstance(raw, str) and raw in PROFILES:
        return str(raw)
    raise InputError(f"{where}: {shown(raw)} is not a profile; {near_match(str(raw), PROFILES)}")


def parse_connector_options(raw: object, where: str) -> dict[str, object]:
    """Any other options of a receive connector, option name -> canonical value or ListChange.

    Raises:
        InputError: an option that there is not, that a service says in words of its own, or whose value is wrong.
    """
    if raw is None:
        return {}
    options = mapping(raw, where, "options of a receive connector, such as {protocol_logging_level: verbose}")
    for option, instead in _SAID_ELSEWHERE.items():
        if options.get(option) is not None:
            raise InputError(f"{where}: a service says {option} as {instead}; take it out here.")
    known: Collection[str] = [option for option in BY_OPTION if option not in _SAID_ELSEWHERE]
    only_keys({key: value for key, value in options.items() if key not in _SAID_ELSEWHERE}, known, where)
    return parse_values(options, where)


def refuse_contradiction(
    method: Method, accounts: Collection[DesiredGrant], values: Mapping[str, object], where: str
) -> None:
    """Raise InputError for a whole list of groups or mechanisms that the declared method cannot work with.

    Args:
        method: the declared one, which has a connector.
        accounts: those that alone may relay.
        values: the connector's options as declared.
        where: the option they stand in, for the sentence.
    """
    groups, mechanisms = values.get("permission_groups"), values.get("auth_mechanism")
    needed = GROUP_OF_METHOD[method]
    if isinstance(groups, frozenset) and needed not in groups and not accounts:
        raise InputError(f"{where}.permission_groups: method {method} needs {needed}; add it.")
    if not isinstance(mechanisms, frozenset):
        return
    if method != EXTERNALLY_SECURED and EXTERNAL in mechanisms:
        raise InputError(
            f"{where}.auth_mechanism: ExternalAuthoritative is method externally_secured; declare that method, or "
            "take it out."
        )
    if method == EXTERNALLY_SECURED and EXTERNAL not in mechanisms:
        raise InputError(f"{where}.auth_mechanism: method externally_secured needs ExternalAuthoritative; add it.")
    if method == AUTHENTICATED and not mechanisms & {"BasicAuth", "Integrated"}:
        raise InputError(
            f"{where}.auth_mechanism: method authenticated needs BasicAuth or Integrated; add one of them."
        )
