# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lab file: every mistake gets one sentence that says where and what would be right."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from exchange_lab.config import load, parse
from exchange_lab.interface import AcceptedDomain
from exchange_lab.section import LabFileError
from exchange_lab.settings import DnsRecord, Limits, RoleGroupConfig, Switches

from .conftest import lab_content

LABS = Path(__file__).resolve().parents[1] / "labs"


def changed(path: str, value: object) -> dict[str, Any]:
    """A right lab file with one value replaced; `path` is dotted."""
    content: dict[str, Any] = lab_content(
        kerberos={"realm": "LAB.EXAMPLE"},
        dns={"zone": "lab.example", "key": {"name": "k", "algorithm": "hmac-sha256", "secret": "QUJDRA=="}},
        watch=[{"client": "127.0.0.1", "sender": "a@lab.example", "recipient": "b@other.example"}],
    )
    *parents, last = path.split(".")
    place: Any = content
    for name in parents:
        place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
    place[last] = value
    return content


def test_the_shipped_lab() -> None:
    config = load(LABS / "three-servers.yml")
    assert [server.name for server in config.servers.values()] == ["EX1", "EX2", "EX3"]
    assert [server.address for server in config.servers.values()] == ["127.0.1.1", "127.0.1.2", "127.0.1.3"]
    assert {server.version for server in config.servers.values()} == {"2019"}
    assert config.kerberos is not None and config.kerberos.realm == "LAB.EXAMPLE"
    assert config.dns is not None
    assert DnsRecord("ex2.lab.example", "A", ("127.0.1.2",)) in config.dns.records
    assert config.switches == Switches()
    assert config.limits == Limits()


def test_what_may_be_left_out() -> None:
    config = parse(lab_content())
    server = config.servers["EX1"]
    assert (server.fqdn, server.port, server.smtp_port) == ("ex1.lab.example", 0, 2525)
    assert (server.domain_controller, server.site, server.version) == (
        "dc1.lab.example",
        "Default-First-Site-Name",
        "2019",
    )
    assert config.organization.netbios == "LAB"
    assert config.accounts["administrator"].upn == "administrator@lab.example"
    assert config.accounts["administrator"].netbios_name == "LAB\\administrator"
    assert config.accepted_domains == (AcceptedDomain("lab.example", "lab.example", "Authoritative", True),)
    assert config.kerberos is None and config.dns is None and config.watch == ()


def test_everything_can_be_set() -> None:
    config = parse(
        lab_content(
            kerberos={"realm": "LAB.EXAMPLE"},
            accepted_domains=[{"name": "Partner", "domain": "*.partner.example", "type": "InternalRelay"}],
            servers={
                "EX1": {
                    "version": 2019,
                    "fqdn": "mail.lab.example",
                    "address": "127.0.1.1",
                    "addresses": ["127.0.1.1", "fd00::1"],
                    "port": 8080,
                    "smtp_port": 0,
                    "auth": ["kerberos", "negotiate", "ntlm", "basic"],
                    "scheme": "https",
                    "site": "Berlin",
                    "components": {"FrontendTransport": "Inactive"},
                    "faults": {"delay": {"New-ReceiveConnector": 0.5}},
                }
            },
            dns={
                "zone": "lab.example",
                "records": {
                    "@": {"MX": "10 mail.lab.example."},
                    "printer": ["127.0.0.7", "fd00::7"],
                    "smtp": {"CNAME": "mail.lab.example."},
                },
            },
            limits={"shells_per_user": 2, "operation_timeout": 1, "shell_idle_timeout": 2.5},
            switches={"permission_groups_replacement": "removes_manual", "disabled_connector_conflicts": False},
            role_groups={"Relay Operators": ["Receive Connectors", "Active Directory Permissions"]},
            inherited_permissions=[
                {"user": "ANONYMOUS LOGON", "right": "ms-exch-smtp-accept-any-recipient", "deny": True}
            ],
        )
    )
    server = config.servers["EX1"]
    assert server.scheme == "https" and server.components == {"FrontendTransport": "Inactive"}
    assert server.faults == {"delay": {"New-ReceiveConnector": 0.5}}
    assert config.dns is not None and config.dns.records == (
        DnsRecord("mail.lab.example", "A", ("127.0.1.1",)),
        DnsRecord("mail.lab.example", "AAAA", ("fd00::1",)),
        DnsRecord("lab.example", "MX", ("10 mail.lab.example.",)),
        DnsRecord("printer.lab.example", "A", ("127.0.0.7",)),
        DnsRecord("printer.lab.example", "AAAA", ("fd00::7",)),
        DnsRecord("smtp.lab.example", "CNAME", ("mail.lab.example.",)),
    )
    assert config.limits == Limits(shells_per_user=2, operation_timeout=1.0, shell_idle_timeout=2.5)
    assert config.switches.permission_groups_replacement == "removes_manual"
    assert config.switches.disabled_connector_conflicts is False
    assert config.role_groups == {
        "Relay Operators": RoleGroupConfig(("Receive Connectors", "Active Directory Permissions"))
    }
    assert config.inherited_permissions[0].right == "ms-Exch-SMTP-Accept-Any-Recipient"


ABOVE = {"user": "ANONYMOUS LOGON", "right": "ms-Exch-SMTP-Submit"}

WRONG: list[tuple[str, object, str]] = [
    ("surprise", 1, "lab: surprise: this key is not known"),
    ("organization.surprise", 1, "lab: organization.surprise: this key is not known"),
    ("organization.domain", "no domain", "write it like lab.example"),
    ("organization.domain", None, "this key is required"),
    ("organization.domain_controllers", [], "at least one domain controller"),
    ("organization", "lab", "a mapping is expected here, not text"),
    ("kerberos.realm", "lab.example", "in capitals"),
    ("accounts.administrator.password", "", "text is expected"),
    ("accounts.administrator.password", 12345, "text is expected here, not a number"),
    ("accounts.administrator.role_groups", ["Admins"], "'Admins' is no role group"),
    ("accounts.administrator.color", "red", "not known"),
    ("accounts.administrator.remote_powershell", "yes", "true or false is expected"),
    ("accounts.administrator.deleted", "yes", "true or false is expected"),
    ("accounts.administrator.upn", "administrator", "is no UPN; write it like administrator@lab.example"),
    ("accounts.administrator.upn", "LAB\\administrator@x", "is no UPN"),
    ("accounts.nobody.upn", "Operator@lab.example", "is the UPN of operator already"),
    ("accounts", {"bad name": {"password": "x"}}, "an account name has"),
    ("servers", {}, "name at least one server"),
    ("servers", {"EX_1": {"address": "127.0.1.1"}}, "a server name has"),
    ("servers", {"EX1": {"address": "127.0.1.1"}, "ex1": {"address": "127.0.1.2"}}, "two servers have this name"),
    ("servers.EX1.address", None, "servers.EX1.address: this key is required"),
    ("servers.EX1.address", "localhost", "no IP address"),
    ("servers.EX1.addresses", ["127.0.1.999"], "no IP address"),
    ("servers.EX1.port", 70000, "a whole number from 0 to 65535"),
    ("servers.EX1.smtp_port", True, "a whole number"),
    ("servers.EX1.auth", ["digest"], "'digest' is no method"),
    ("servers.EX1.version", "2003", "'2003' is not possible; use one of 2007, 2010, 2013"),
    ("servers.EX1.roles", ["edge", "mailbox"], "an Edge Transport server holds no other role"),
    ("servers.EX1.roles", ["client_access"], "'client_access' is no role of Exchange 2019; use some of mailbox, edge"),
    ("servers.EX1.roles", [], "name at least one role"),
    ("accounts.administrator.administrator_of", ["EX9"], "'EX9' is no server of this lab; name some of EX1, EX2"),
    ("switches.hop_counts", "guessed", "use one of captured, documented"),
    ("servers.EX1.culture", "it", "use one of en, de, fr"),
    ("servers.EX1.domain_controller", "dc9.lab.example", "not among organization.domain_controllers"),
    ("servers.EX1.components", {"Frontend": "Active"}, "no component"),
    ("servers.EX1.components", {"FrontendTransport": "Sleepy"}, "use one of Active, Inactive, Draining"),
    ("servers.EX1.scheme", "ftp", "use one of http, https"),
    ("servers.EX1.faults", {"explode": 1}, "is not understood"),
    ("accepted_domains", [{"name": "a b"}], "no SMTP domain"),
    ("accepted_domains", [{"name": "a.example", "type": "External"}], "use one of Authoritative"),
    ("accepted_domains", {"a.example": {}}, "a list is expected here, not a mapping"),
    ("dns.zone", "lab example", "no domain name"),
    ("dns.key.secret", "not base64!", "is base64"),
    ("dns.key.algorithm", "rot13", "use one of hmac-sha256"),
    ("dns.records", {"x": ["nowhere"]}, "no IP address"),
    ("watch.0.client", "me", "no IP address"),
    ("watch.0.sender", "me", "holds an @"),
    ("watch.0.user", "OTHER\\nobody", "is no account of this lab"),
    ("watch.0.user", "somebody", "'somebody' is no account of this lab; name one of administrator"),
    ("watch.0.logon", "sometimes", "use one of never, always, either"),
    ("watch.0.logon", "always", "'always' needs a user"),
    ("watch", "me", "a list is expected here, not text"),
    ("limits.shells_per_user", 0, "a whole number from 1"),
    ("limits.operation_timeout", "20", "a number from"),
    ("limits.colour", 1, "not known"),
    ("switches.permission_groups_replacement", "maybe", "use one of keeps_manual"),
    ("switches.disabled_connector_conflicts", "yes", "true or false is expected"),
    ("switches.colour", 1, "not known"),
    ("role_groups", {"X": ["Mail"]}, "'Mail' is no management role"),
    ("inherited_permissions", [{"user": "x", "right": "Fly"}], "no extended right"),
    ("inherited_permissions", [{**ABOVE, "from": "heaven"}], "use one of connectors, protocols, server, servers"),
    ("inherited_permissions", [{**ABOVE, "from": "server", "server": "EX9"}], "'EX9' is no server of this lab; name"),
    ("inherited_permissions", [{**ABOVE, "server": "EX1"}], "the object 'organization' is above every server; use one"),
    ("inherited_permissions", [{**ABOVE, "from": "servers", "server": "EX1"}], "'servers' is above every server"),
    ("inherited_permissions", [{**ABOVE, "inheritance": "Some"}], "use one of None, All, Descendents"),
    ("inherited_permissions", [{**ABOVE, "right": "GenericRead"}], "nor GenericAll or ExtendedRight"),
    ("inherited_permissions", [{**ABOVE, "depth": 3}], "not known"),
]


@pytest.mark.parametrize(
    ("path", "value", "expected"), WRONG, ids=[f"{path}={value!r}"[:60] for path, value, _ in WRONG]
)
def test_a_mistake_gets_one_sentence(path: str, value: object, expected: str) -> None:
    with pytest.raises(LabFileError) as caught:
        parse(changed(path, value))
    message = str(caught.value)
    assert expected in message
    assert message.startswith("lab: ") and message.endswith(".") and "\n" not in message


EXCHANGE_2007 = "Microsoft.Exchange.Management.PowerShell.Admin"
EXCHANGE_2010 = "Microsoft.Exchange.Management.PowerShell.E2010"
EXCHANGE_2013 = "Microsoft.Exchange.Management.PowerShell.SnapIn"


@pytest.mark.parametrize(
    ("version", "roles", "held", "snap_in"),
    [
        ("2007", None, ("mailbox", "client_access", "hub_transport"), EXCHANGE_2007),
        ("2007", ["edge"], ("edge",), EXCHANGE_2007),
        ("2010", None, ("mailbox", "client_access", "hub_transport"), None),
        ("2010", ["hub_transport", "client_access"], ("client_access", "hub_transport"), None),
        ("2010", ["edge"], ("edge",), EXCHANGE_2010),
        ("2013", None, ("mailbox", "client_access"), None),
        ("2013", ["client_access"], ("client_access",), None),
        ("2013", ["edge"], ("edge",), EXCHANGE_2013),
        ("2016", None, ("mailbox",), None),
        ("SE", None, ("mailbox",), None),
        ("SE", ["edge"], ("edge",), EXCHANGE_2013),
    ],
)
def test_versions_and_roles(version: str, roles: object, held: tuple[str, ...], snap_in: str | None) -> None:
    """Only Edge Transport and 2007 servers have no Exchange endpoint; their cmdlets come with a snap-in."""
    server = {"address": "127.0.1.1", "version": version, "roles": roles, "culture": "de"}
    config = parse(lab_content(servers={"EX1": server})).servers["EX1"]
    assert (config.version, config.roles, config.culture, config.snap_in) == (version, held, "de", snap_in)
    assert config.endpoint == ("wsman" if snap_in else "exchange")
    assert config.edge is (roles == ["edge"])


def test_edge_transport_servers_are_in_no_domain() -> None:
    servers = {"EDGE1": {"address": "127.0.1.1", "roles": ["edge"]}, "EX1": {"address": "127.0.1.2"}}
    config = parse(lab_content(servers=servers, kerberos={"realm": "LAB.EXAMPLE"}))
    assert (config.servers["EDGE1"].auth, config.servers["EX1"].auth) == (("ntlm",), ("kerberos", "ntlm"))
    assert (config.servers["EDGE1"].domain_controller, config.servers["EX1"].domain_controller) == (
        "",
        "dc1.lab.example",
    )
    for key, value, expected in (
        ("auth", ["kerberos"], "an Edge Transport server is in no domain; use ntlm or basic"),
        ("domain_controller", "dc1.lab.example", "an Edge Transport server uses none"),
        ("components", {"FrontendTransport": "Inactive"}, "no component of Get-ServerComponentState on such a server"),
    ):
        content = lab_content(servers={"EDGE1": {**servers["EDGE1"], key: value}}, kerberos={"realm": "LAB.EXAMPLE"})
        with pytest.raises(LabFileError, match=expected):
            parse(content)


def test_component_states_came_with_2013() -> None:
    server = {"address": "127.0.1.1", "version": "2010", "components": {"HubTransport": "Inactive"}}
    with pytest.raises(LabFileError, match="HubTransport: this is no component"):
        parse(lab_content(servers={"EX1": server}))


def test_the_readme_lists_every_switch_and_limit() -> None:
    readme = (LABS.parent / "README.md").read_text(encoding="utf-8")
    rows = {line.split("|")[1].strip().strip("`") for line in readme.splitlines() if line.startswith("| `")}
    assert {field.name for field in fields(Switches)} <= rows
    assert [field.name for field in fields(Limits) if f"`{field.name}`" not in readme] == []


def test_kerberos_needs_a_realm() -> None:
    content = lab_content(servers={"EX1": {"address": "127.0.1.1", "auth": ["kerberos"]}})
    with pytest.raises(LabFileError, match="needs the top-level key kerberos"):
        parse(content)


@pytest.mark.parametrize("content", [None, [], "text", {}])
def test_not_even_a_lab_file(content: object) -> None:
    with pytest.raises(LabFileError):
        parse(content)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(LabFileError, match="cannot be read"):
        load(tmp_path / "absent.yml")
    broken = tmp_path / "broken.yml"
    broken.write_text("a: [\n", encoding="utf-8")
    with pytest.raises(LabFileError, match=r"line 2: the lab file is no valid YAML\."):
        load(broken)


def test_passwords_and_secrets_are_not_shown() -> None:
    config = parse(changed("accounts.administrator.password", "Not-To-Be-Seen"))
    assert "Not-To-Be-Seen" not in repr(config)
    assert "QUJDRA==" not in repr(config)
