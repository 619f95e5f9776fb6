# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""PRIVATE to the collection: values that Exchange would refuse together, told before anything is written.

Only rules that a change takes part in are looked at: what was wrong on the server before stays its owner's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from ansible_collections.mailrelay.exchange.plugins.module_utils._profiles import PROFILES
from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION

from .errors import InputError
from .model import ServerFacts
from .quantities import Timespan
from .rights import EXCHANGE_SERVERS
from .values import parse_option

EXTERNAL = "ExternalAuthoritative"
TLS = "Tls"

Values = Mapping[str, object]


def defaults_of_a_new_connector(facts: ServerFacts) -> dict[str, object]:
    """Values that a custom connector has when New-ReceiveConnector is not told others.

    As far as rules about several properties need them, and what profile exchange_default names: so a plan for a
    connector that is made only by the run, and not by check mode, has the same commands in both.
    """
    limits = PROFILES["exchange_default"].values_for(facts.version, facts.is_edge)
    return {
        **{option: parse_option(BY_OPTION[option], raw) for option, raw in limits.items()},
        "auth_mechanism": frozenset((TLS,)),
        "permission_groups": frozenset(),
        "binary_mime_enabled": True,
        "chunking_enabled": True,
        "require_tls": False,
        "domain_secure_enabled": False,
        "enabled": True,
    }


def _words(values: Values, option: str) -> frozenset[str]:
    value = values.get(option)
    return value if isinstance(value, frozenset) else frozenset()


def _basic_auth(values: Values, _facts: ServerFacts) -> str:
    mechanisms = _words(values, "auth_mechanism")
    if "BasicAuthRequireTLS" in mechanisms and not {"BasicAuth", TLS} <= mechanisms:
        return "auth_mechanism: BasicAuthRequireTLS needs BasicAuth and Tls beside it; add them."
    return ""


def _external(values: Values, _facts: ServerFacts) -> str:
    mechanisms = _words(values, "auth_mechanism")
    if EXTERNAL not in mechanisms:
        return ""
    others = sorted(mechanisms - {EXTERNAL, TLS})
    if others:
        return f"auth_mechanism: ExternalAuthoritative goes only with Tls; take out {', '.join(others)}."
    if EXCHANGE_SERVERS not in _words(values, "permission_groups"):
        return "auth_mechanism: ExternalAuthoritative needs ExchangeServers in permission_groups; add it there."
    return ""


def _require_tls(values: Values, _facts: ServerFacts) -> str:
    if values.get("require_tls") is True and TLS not in _words(values, "auth_mechanism"):
        return "require_tls: true needs Tls in auth_mechanism; add it there."
    return ""


def _domain_secure(values: Values, _facts: ServerFacts) -> str:
    mechanisms = _words(values, "auth_mechanism")
    if values.get("domain_secure_enabled") is not True:
        return ""
    if EXTERNAL in mechanisms:
        return "domain_secure_enabled: true excludes ExternalAuthoritative in auth_mechanism; declare it false."
    if TLS not in mechanisms:
        return "domain_secure_enabled: true needs Tls in auth_mechanism; add it there."
    return ""


def _timeouts(values: Values, _facts: ServerFacts) -> str:
    whole, idle = values.get("connection_timeout"), values.get("connection_inactivity_timeout")
    if isinstance(whole, Timespan) and isinstance(idle, Timespan) and idle >= whole:
        return (
            f"connection_inactivity_timeout: {idle} is not less than connection_timeout, which is {whole}; "
            "declare both so that it is."
        )
    return ""


def _binary_mime(values: Values, _facts: ServerFacts) -> str:
    if values.get("binary_mime_enabled") is True and values.get("chunking_enabled") is False:
        return "binary_mime_enabled: true needs chunking_enabled; declare binary_mime_enabled false too."
    return ""


def _fqdn(values: Values, facts: ServerFacts) -> str:
    fqdn = str(values.get("fqdn") or "")
    own = {"", facts.name.casefold(), str(facts.fqdn).casefold()}
    if "ExchangeServer" in _words(values, "auth_mechanism") and fqdn.casefold() not in own:
        return (
            f"fqdn: with ExchangeServer in auth_mechanism only {facts.fqdn}, {facts.name} or '' is right, not {fqdn}; "
            "use one of them or take ExchangeServer out."
        )
    return ""


def _long_addresses(values: Values, _facts: ServerFacts) -> str:
    if values.get("long_addresses_enabled") is True and values.get("transport_role") == "FrontendTransport":
        return "long_addresses_enabled: true is only for connectors of the Transport service; leave it out."
    return ""


def _not_empty(values: Values, _facts: ServerFacts) -> str:
    for option in ("bindings", "remote_ip_ranges"):
        if option in values and not values[option]:
            return f"{option}: the list would become empty, which Exchange does not take; leave at least one entry."
    return ""


_RULES: tuple[tuple[tuple[str, ...], Callable[[Values, ServerFacts], str]], ...] = (
    (("auth_mechanism",), _basic_auth),
    (("auth_mechanism", "permission_groups"), _external),
    (("auth_mechanism", "require_tls"), _require_tls),
    (("auth_mechanism", "domain_secure_enabled"), _domain_secure),
    (("connection_timeout", "connection_inactivity_timeout"), _timeouts),
    (("binary_mime_enabled", "chunking_enabled"), _binary_mime),
    (("auth_mechanism", "fqdn"), _fqdn),
    (("long_addresses_enabled", "transport_role"), _long_addresses),
    (("bindings", "remote_ip_ranges"), _not_empty),
)


def refuse_illegal(values: Values, changed: Collection[str], facts: ServerFacts, where: str) -> None:
    """Raise InputError when values that change (option names) do not go with the others.

    Args:
        values: all values the connector will have, canonical.
        changed: names of the options that the plan writes.
        facts: the server.
        where: the connector, for the message.
    """
    for options, rule in _RULES:
        if any(option in changed for option in options):
            objection = rule(values, facts)
            if objection:
                raise InputError(f"{where}: {objection}")
