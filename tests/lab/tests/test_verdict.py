# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which connector takes a connection, and what it answers: selection, rights, texts."""

from __future__ import annotations

import pytest

from exchange_lab import verdict
from exchange_lab.interface import AcceptedDomain, ConnectorView, SmtpSession

from .conftest import MakeShell, Shell

OUTSIDE = "someone@elsewhere.example"
INSIDE = "someone@lab.example"
SENDER = "app@lab.example"
ANONYMOUS = r"NT AUTHORITY\ANONYMOUS LOGON"
ANY_RECIPIENT = "ms-Exch-SMTP-Accept-Any-Recipient"
RELAY = r"EX1\Relay"
REFUSED = "550 5.7.54 SMTP; Unable to relay recipient in non-accepted domain"
NOT_AUTHENTICATED = "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM"
OK = "250 2.1.5 Recipient OK"


def ask(shell: Shell, client: str, recipient: str = OUTSIDE, server: str = "EX1") -> tuple[str, str | None]:
    reply, connector = shell.answers.watched(server, client, SENDER, recipient)
    return str(reply), connector


def view_of(shell: Shell, client: str, port: int = 25, local: str = "127.0.1.1") -> ConnectorView:
    view = shell.answers.decide("EX1", local, port, client)
    assert view is not None
    return view


def grant(shell: Shell, right: str = ANY_RECIPIENT, user: str = ANONYMOUS, **parameters: object) -> None:
    shell.objects("Add-ADPermission", RELAY, User=user, ExtendedRights=[right], **parameters)


# --- which connector -------------------------------------------------------------------------------------------------


def test_without_a_relay_connector_default_frontend_answers(shell: Shell) -> None:
    assert ask(shell, "10.1.0.5") == (REFUSED, "Default Frontend EX1")
    assert ask(shell, "10.1.0.5", INSIDE) == (OK, "Default Frontend EX1")


def test_the_most_specific_range_wins_per_range(shell: Shell) -> None:
    shell.relay(Name="Wide", RemoteIPRanges=["10.0.0.0/8", "192.168.1.75"])
    shell.relay(Name="Narrow", RemoteIPRanges=["10.1.0.0/16", "192.168.1.0/24"])
    chosen = {
        client: view_of(shell, client).name
        for client in ("10.1.0.5", "10.2.0.5", "192.168.1.75", "192.168.1.76", "172.16.0.1")
    }
    assert chosen == {
        "10.1.0.5": "Narrow",
        "10.2.0.5": "Wide",
        "192.168.1.75": "Wide",
        "192.168.1.76": "Narrow",
        "172.16.0.1": "Default Frontend EX1",
    }
    assert view_of(shell, "192.168.1.75").matched_range == "192.168.1.75"


def test_there_is_no_fall_through(shell: Shell) -> None:
    """The connector that wins refuses, although the default one would take the mail."""
    shell.relay(PermissionGroups="None")
    assert ask(shell, "10.1.0.5", INSIDE) == (NOT_AUTHENTICATED, "Relay")


def test_disabled_connectors_do_not_answer(shell: Shell) -> None:
    shell.relay(Enabled=False)
    assert ask(shell, "10.1.0.5")[1] == "Default Frontend EX1"
    shell.objects("Set-ReceiveConnector", RELAY, Enabled=True)
    assert ask(shell, "10.1.0.5")[1] == "Relay"


def test_bindings_count(shell: Shell) -> None:
    shell.relay(Bindings=["0.0.0.0:26"])
    assert ask(shell, "10.1.0.5")[1] == "Default Frontend EX1"
    assert view_of(shell, "10.1.0.5", port=26).name == "Relay"
    shell.objects("Set-ReceiveConnector", RELAY, Bindings=["10.10.1.1:25"])
    assert view_of(shell, "10.1.0.5", local="10.10.1.1").name == "Relay"
    assert view_of(shell, "10.1.0.5", local="10.10.1.2").name == "Default Frontend EX1"


def test_of_equal_ranges_the_specific_binding_wins(shell: Shell) -> None:
    shell.relay(Name="A all", Bindings=["0.0.0.0:25"])
    shell.relay(Name="B one", Bindings=["127.0.1.1:25"])
    assert view_of(shell, "10.1.0.5").name == "B one"


def test_an_ipv4_relay_never_sees_an_ipv6_client(shell: Shell) -> None:
    shell.relay(RemoteIPRanges=["10.1.0.0/16", "fd00::/64"])
    assert view_of(shell, "fd00::5", local="fd00::1").name == "Default Frontend EX1"
    shell.objects("Set-ReceiveConnector", RELAY, Bindings=["0.0.0.0:25", "[::]:25"])
    assert view_of(shell, "fd00::5", local="fd00::1").name == "Relay"


def test_the_transport_service_is_no_candidate_on_the_smtp_port(make_shell: MakeShell) -> None:
    shell = make_shell(switches={"cross_role_bindings_overlap": False})
    shell.relay(Bindings=["127.0.1.1:25"], TransportRole="HubTransport")
    assert ask(shell, "10.1.0.5")[1] == "Default Frontend EX1"


def test_nobody_takes_the_client(shell: Shell) -> None:
    shell.objects("Set-ReceiveConnector", r"EX1\Default Frontend EX1", RemoteIPRanges=["10.9.0.0/16"])
    assert ask(shell, "10.1.0.5") == ("421 4.3.2 Service not available", None)
    assert shell.answers.decide("EX9", "127.0.1.1", 25, "10.1.0.5") is None


@pytest.mark.parametrize(
    "components",
    [{"FrontendTransport": "Inactive"}, {"ServerWideOffline": "Inactive"}, {"FrontendTransport": "Draining"}],
)
def test_a_component_that_does_not_serve(make_shell: MakeShell, components: dict[str, str]) -> None:
    shell = make_shell(servers={"EX1": {"address": "127.0.1.1", "components": components}})
    assert ask(shell, "10.1.0.5", INSIDE) == ("421 4.3.2 Service not active", None)
    assert str(shell.answers.unavailable("ex1")) == "421 4.3.2 Service not active"


def test_the_transport_component_alone_does_not_matter(make_shell: MakeShell) -> None:
    shell = make_shell(servers={"EX1": {"address": "127.0.1.1", "components": {"HubTransport": "Inactive"}}})
    assert shell.answers.unavailable("EX1") is None


# --- rights ----------------------------------------------------------------------------------------------------------


def test_the_five_rights_of_anonymous_relay(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    assert ask(shell, "10.1.0.5") == (REFUSED, "Relay")
    grant(shell)
    assert ask(shell, "10.1.0.5") == (OK, "Relay")
    assert ask(shell, "10.9.0.5") == (REFUSED, "Default Frontend EX1")
    shell.objects("Remove-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[ANY_RECIPIENT], Confirm=False)
    assert ask(shell, "10.1.0.5") == (REFUSED, "Relay")


def test_any_recipient_without_submit_is_not_enough(shell: Shell) -> None:
    shell.relay()
    grant(shell)
    assert ask(shell, "10.1.0.5") == (NOT_AUTHENTICATED, "Relay")


def test_a_deny_beats_an_allow(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    grant(shell)
    grant(shell, Deny=True)
    assert ask(shell, "10.1.0.5") == (REFUSED, "Relay")


@pytest.mark.parametrize(("deny", "expected"), [(False, OK), (True, REFUSED)])
def test_inherited_rows_count(make_shell: MakeShell, deny: bool, expected: str) -> None:
    shell = make_shell(inherited_permissions=[{"user": "ANONYMOUS LOGON", "right": ANY_RECIPIENT, "deny": deny}])
    assert ask(shell, "10.1.0.5")[0] == expected


def test_an_explicit_allow_beats_an_inherited_deny(make_shell: MakeShell) -> None:
    shell = make_shell(inherited_permissions=[{"user": "ANONYMOUS LOGON", "right": ANY_RECIPIENT, "deny": True}])
    shell.relay(PermissionGroups="AnonymousUsers")
    grant(shell)
    assert ask(shell, "10.1.0.5") == (OK, "Relay")


def test_externally_secured(shell: Shell) -> None:
    shell.relay(AuthMechanism="ExternalAuthoritative", PermissionGroups="ExchangeServers")
    assert ask(shell, "10.1.0.5") == (OK, "Relay")
    view = view_of(shell, "10.1.0.5")
    assert view.externally_secured
    assert len(view.session.rights) == 9
    assert {"ms-exch-bypass-anti-spam", "ms-exch-bypass-message-size-limit"} <= view.session.rights


def test_the_same_group_without_the_mechanism_secures_nothing(shell: Shell) -> None:
    shell.relay(PermissionGroups="ExchangeServers")
    assert ask(shell, "10.1.0.5") == (NOT_AUTHENTICATED, "Relay")


def test_rights_of_others_are_not_those_of_anonymous(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    grant(shell, user="operator")
    grant(shell, user=r"NT AUTHORITY\Authenticated Users")
    assert ask(shell, "10.1.0.5") == (REFUSED, "Relay")


# --- logon -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["operator", r"LAB\Operator", "OPERATOR@lab.example"])
def test_a_logon_gives_rights(shell: Shell, name: str) -> None:
    shell.relay(PermissionGroups="ExchangeUsers", AuthMechanism="Tls,BasicAuth")
    view = view_of(shell, "10.1.0.5")
    session = shell.answers.authenticate(view, name, "Secret-2")
    assert session is not None and session.user == "operator"
    assert verdict.mail_from(view, session, "operator@lab.example").accepted
    assert str(verdict.rcpt_to(view, session, OUTSIDE)) == OK
    assert str(verdict.mail_from(view, session, "boss@lab.example")) == (
        "550 5.7.60 SMTP; Client does not have permissions to send as this sender"
    )


@pytest.mark.parametrize(("name", "password"), [("operator", "wrong"), ("stranger", "Secret-2"), ("operator", "")])
def test_wrong_credentials(shell: Shell, name: str, password: str) -> None:
    assert shell.answers.authenticate(view_of(shell, "10.1.0.5"), name, password) is None


def test_rights_of_one_user(shell: Shell) -> None:
    shell.relay()
    for right in ("ms-Exch-SMTP-Submit", "ms-Exch-SMTP-Accept-Any-Sender", ANY_RECIPIENT):
        grant(shell, right, user="operator")
    view = view_of(shell, "10.1.0.5")
    session = shell.answers.authenticate(view, "operator", "Secret-2")
    other = shell.answers.authenticate(view, "auditor", "Secret-4")
    assert session is not None and other is not None
    assert verdict.mail_from(view, session, "boss@lab.example").accepted
    assert str(verdict.mail_from(view, other, "auditor@lab.example")).startswith("550 5.7.1 ")


def test_rights_of_a_group_of_the_user(shell: Shell) -> None:
    shell.relay()
    grant(shell, "ms-Exch-SMTP-Submit", user=r"LAB\Server Management")
    view = view_of(shell, "10.1.0.5")
    session = shell.answers.authenticate(view, "operator", "Secret-2")
    assert session is not None and "ms-exch-smtp-submit" in session.rights


# --- MAIL FROM and RCPT TO -------------------------------------------------------------------------------------------


def test_the_null_sender_and_rubbish(shell: Shell) -> None:
    view = view_of(shell, "10.1.0.5")
    assert str(verdict.mail_from(view, view.session, "")) == "250 2.1.0 Sender OK"
    assert verdict.mail_from(view, view.session, "nobody").code == 501
    assert verdict.rcpt_to(view, view.session, "nobody").code == 501
    assert verdict.rcpt_to(view, view.session, "a@b@c").code == 501


def test_tls_may_be_required(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers", RequireTLS=True)
    view = view_of(shell, "10.1.0.5")
    assert verdict.mail_from(view, view.session, SENDER).code == 451
    assert verdict.mail_from(view, view.session, SENDER, tls=True).accepted


def test_sender_rights_bind_only_the_transport_service(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers", Bindings=["0.0.0.0:26"])
    for right in ("ms-Exch-SMTP-Accept-Any-Sender", "ms-Exch-SMTP-Accept-Authoritative-Domain-Sender"):
        shell.objects("Remove-ADPermission", RELAY, User=ANONYMOUS, ExtendedRights=[right], Confirm=False)
    view = view_of(shell, "10.1.0.5", port=26)
    assert verdict.mail_from(view, view.session, SENDER).accepted, "Front End Transport lets any sender pass"
    shell.objects("Set-ReceiveConnector", RELAY, TransportRole="HubTransport")
    view = view_of(shell, "10.1.0.5", port=26)
    assert str(verdict.mail_from(view, view.session, SENDER)) == (
        "550 5.7.1 Anonymous client does not have permissions to send as this sender"
    )
    grant(shell, "ms-Exch-SMTP-Accept-Any-Sender")
    view = view_of(shell, "10.1.0.5", port=26)
    assert verdict.mail_from(view, view.session, "x@elsewhere.example").accepted
    assert not verdict.mail_from(view, view.session, SENDER).accepted


@pytest.mark.parametrize(
    ("domain", "accepted"),
    [
        ("lab.example", True),
        ("LAB.Example", True),
        ("sub.lab.example", False),
        ("notlab.example", False),
        ("partner.example", True),
        ("deep.sub.partner.example", True),
        ("otherpartner.example", False),
        ("relay.example", True),
    ],
)
def test_accepted_domains(domain: str, accepted: bool) -> None:
    domains = (
        AcceptedDomain("a", "lab.example"),
        AcceptedDomain("b", "*.partner.example", "InternalRelay"),
        AcceptedDomain("c", "relay.example", "ExternalRelay"),
    )
    assert verdict.is_accepted(domains, domain) is accepted


def test_a_view_carries_every_limit(shell: Shell) -> None:
    shell.relay(
        PermissionGroups="AnonymousUsers",
        TarpitInterval="00:00:01.5",
        ConnectionTimeout="00:30:00",
        ConnectionInactivityTimeout="00:20:00",
        MaxInboundConnection="10000",
        MaxInboundConnectionPerSource="unlimited",
        MaxInboundConnectionPercentagePerSource=100,
        MessageRateLimit=7,
        MessageRateSource="All",
        MaxMessageSize="100KB",
        MaxRecipientsPerMessage=3,
        MaxProtocolErrors="unlimited",
        Banner="220 hello",
        Fqdn="smtp.other.example",
        SizeEnabled="Disabled",
        PipeliningEnabled=False,
    )
    view = view_of(shell, "10.1.0.5")
    assert (view.server, view.name, view.identity) == ("EX1", "Relay", RELAY)
    assert (view.tarpit_interval, view.connection_timeout, view.connection_inactivity_timeout) == (1.5, 1800.0, 1200.0)
    assert (view.max_inbound_connection, view.max_inbound_connection_per_source) == (10000, None)
    assert view.max_inbound_connection_percentage_per_source == 100
    assert (view.message_rate_limit, view.message_rate_source) == (7, frozenset({"IPAddress", "User"}))
    assert (view.max_message_size, view.max_recipients_per_message, view.max_protocol_errors) == (102_400, 3, None)
    assert (view.banner, view.fqdn, view.size_enabled, view.pipelining) == (
        "220 hello",
        "smtp.other.example",
        "Disabled",
        False,
    )
    shell.objects("Set-ReceiveConnector", RELAY, Fqdn=None)
    assert view_of(shell, "10.1.0.5").fqdn == "ex1.lab.example"


def test_a_view_is_frozen_at_the_connection(shell: Shell) -> None:
    shell.relay(PermissionGroups="AnonymousUsers")
    before = view_of(shell, "10.1.0.5")
    grant(shell)
    assert str(verdict.rcpt_to(before, before.session, OUTSIDE)) == REFUSED
    assert before.session == SmtpSession(before.session.rights)
