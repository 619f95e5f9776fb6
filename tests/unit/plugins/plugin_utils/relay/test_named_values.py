# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Accepted domains, certificates and TLS capabilities: what is written, what Exchange shows, what is sent."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailrelay.exchange.plugins.module_utils._properties import BY_OPTION
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.errors import InputError, UndecodableValue
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.relay.values import (
    parse_exchange,
    parse_option,
    to_option,
    to_parameter,
)

CERTIFICATE = '<I>CN=Contoso CA, O="Contoso, Inc."<S>CN=mail.contoso.com, O=Contoso'
CLOUD = "AcceptCloudServicesMail"


def declared(option: str, raw: object) -> Any:
    return parse_option(BY_OPTION[option], raw)


def returned(option: str, plain: object) -> Any:
    return parse_exchange(BY_OPTION[option], plain)


@pytest.mark.parametrize(
    ("option", "raw", "plain"),
    [
        ("default_domain", "Contoso.com", "contoso.com"),
        ("default_domain", "CN=contoso.com,CN=Accepted Domains,CN=Transport Settings,DC=lab", "contoso.com"),
        ("default_domain", "Contoso, main", "CN=Contoso\\, main,CN=Accepted Domains,DC=lab"),
        ("default_domain", "A/B", "lab.example/Configuration/Services/Accepted Domains/A\\/B"),
        ("default_domain", "", None),
        ("default_domain", "", ""),
        ("tls_certificate_name", CERTIFICATE.replace(", O=", ",O="), CERTIFICATE),
        ("tls_certificate_name", CERTIFICATE.lower().replace("<i>", "<I>"), CERTIFICATE),
        ("tls_certificate_name", "", None),
        ("tls_domain_capabilities", f"fabrikam.com:{CLOUD}", [f"fabrikam.com:{CLOUD}"]),
        (
            "tls_domain_capabilities",
            f"Fabrikam.com: acceptoorgprotocol , {CLOUD.lower()}",
            [f"fabrikam.com:{CLOUD}, AcceptOorgProtocol"],
        ),
        (
            "tls_domain_capabilities",
            [f"a.com:{CLOUD}", "a.com:AcceptOorgProtocol"],
            [f"a.com:AcceptOorgProtocol,{CLOUD}"],
        ),
        ("tls_domain_capabilities", f"a.com:{CLOUD},b.com:AcceptOther", ["b.com:AcceptOther", f"a.com:{CLOUD}"]),
        ("tls_domain_capabilities", f"no-tls:{CLOUD}", [f"NO-TLS:{CLOUD}"]),
        ("tls_domain_capabilities", f"*.a.com:{CLOUD}", [f"*.a.com:{CLOUD}"]),
        ("tls_domain_capabilities", f"{CERTIFICATE}:{CLOUD}", [f"{CERTIFICATE.replace(', O=', ',O=')}:{CLOUD}"]),
        ("tls_domain_capabilities", [], []),
        ("tls_domain_capabilities", "", []),
    ],
)
def test_what_exchange_shows_for_a_declaration(option: str, raw: object, plain: object) -> None:
    value = declared(option, raw)
    assert value == returned(option, plain)
    assert declared(option, to_option(BY_OPTION[option], value)) == value


@pytest.mark.parametrize(
    ("option", "one", "other"),
    [
        ("default_domain", "contoso.com", "fabrikam.com"),
        ("default_domain", "contoso.com", ""),
        ("tls_certificate_name", "<I>CN=A<S>CN=B", "<I>CN=B<S>CN=A"),
        ("tls_certificate_name", '<I>O="A,B"<S>CN=B', '<I>O="A, B"<S>CN=B'),
        ("tls_certificate_name", "<I>CN=A<S>CN=B", ""),
        ("tls_domain_capabilities", f"a.com:{CLOUD}", f"b.com:{CLOUD}"),
        ("tls_domain_capabilities", f"a.com:{CLOUD}", "a.com:AcceptOorgProtocol"),
        ("tls_domain_capabilities", f"a.com:{CLOUD}", f"a.com:{CLOUD};b.com:{CLOUD}"),
    ],
)
def test_declarations_that_differ(option: str, one: object, other: object) -> None:
    assert declared(option, one) != declared(option, other)


@pytest.mark.parametrize(
    ("option", "raw", "parameter"),
    [
        ("default_domain", " contoso.com ", "contoso.com"),
        ("default_domain", "", None),
        ("tls_certificate_name", CERTIFICATE, CERTIFICATE),
        ("tls_certificate_name", "", None),
        ("tls_domain_capabilities", [], None),
        ("tls_domain_capabilities", f"b.com:{CLOUD};a.com:x;a.com:{CLOUD}", (f"a.com:{CLOUD},x", f"b.com:{CLOUD}")),
        ("message_rate_source", ["user", "IPADDRESS"], "All"),
        ("message_rate_source", "all", "All"),
        ("message_rate_source", "User", "User"),
        ("message_rate_source", [], "None"),
    ],
)
def test_what_is_sent(option: str, raw: object, parameter: object) -> None:
    assert to_parameter(BY_OPTION[option], declared(option, raw)) == parameter


@pytest.mark.parametrize(
    ("option", "raw", "told"),
    [
        ("default_domain", "75d6aeb5-cd4a-4c58-ab2c-76304ea198ab", "is a GUID, and Exchange shows names"),
        ("default_domain", "a\nb", "control character"),
        ("default_domain", 5, "is not text"),
        ("tls_certificate_name", "CN=mail.contoso.com", "write '<I>CN=issuer<S>CN=subject'"),
        ("tls_certificate_name", "<I>issuer<S>subject", "does not name a certificate"),
        ("tls_certificate_name", "<I><S>CN=a", "does not name a certificate"),
        ("tls_domain_capabilities", "contoso.com", "write domain:capability"),
        ("tls_domain_capabilities", f":{CLOUD}", "write domain:capability"),
        ("tls_domain_capabilities", "contoso.com:", "write domain:capability"),
        ("tls_domain_capabilities", f"contoso.com:{CLOUD} b.com:{CLOUD}", "write domain:capability"),
        ("tls_domain_capabilities", f"not a domain:{CLOUD}", "names no domain before the colon"),
        ("tls_domain_capabilities", f"<I>x<S>y:{CLOUD}", "does not name a certificate"),
        ("tls_domain_capabilities", ["a.com:5"], "write domain:capability"),
        ("tls_domain_capabilities", [5], "is not text"),
        ("tls_domain_capabilities", [""], "write domain:capability"),
        ("tls_domain_capabilities", 5, "is neither text nor a list"),
        ("message_rate_source", ["All", "User"], "All stands for all the words"),
        ("message_rate_source", "Host", "is not one of IPAddress, User"),
    ],
)
def test_a_wrong_value_gets_one_sentence(option: str, raw: object, told: str) -> None:
    with pytest.raises(InputError) as caught:
        declared(option, raw)
    assert str(caught.value).startswith(f"{option}: ")
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "plain"),
    [
        ("default_domain", 5),
        ("tls_certificate_name", "mail.contoso.com"),
        ("tls_certificate_name", ["<I>CN=a<S>CN=b"]),
        ("tls_domain_capabilities", f"a.com:{CLOUD}"),
        ("tls_domain_capabilities", None),
        ("tls_domain_capabilities", ["Microsoft.Exchange.Data.SmtpReceiveDomainCapabilities"]),
        ("tls_domain_capabilities", [None]),
        ("message_rate_source", "All, User"),
        ("message_rate_source", "3"),
        ("auth_mechanism", "Custom"),
    ],
)
def test_an_unknown_value_of_exchange_is_an_error_and_never_empty(option: str, plain: object) -> None:
    with pytest.raises(UndecodableValue, match=BY_OPTION[option].exchange):
        returned(option, plain)
