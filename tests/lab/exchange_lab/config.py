# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read a lab file into the dataclasses of `settings`. Every mistake gets one sentence: where, what, what is right."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields
from ipaddress import ip_address
from pathlib import Path
from typing import cast

import yaml

from exchange_lab.config_permissions import read_inherited
from exchange_lab.config_roles import read_management_roles, read_role_groups
from exchange_lab.config_servers import read_servers
from exchange_lab.config_values import check_address, read_address, read_domain, read_port
from exchange_lab.interface import AcceptedDomain
from exchange_lab.organization.roles import ROLE_GROUPS
from exchange_lab.section import LabFileError, Section
from exchange_lab.settings import (
    ALWAYS,
    LOGONS,
    NEVER,
    AccountConfig,
    DnsConfig,
    DnsKey,
    DnsRecord,
    KerberosConfig,
    LabConfig,
    Limits,
    OrganizationConfig,
    RoleGroupConfig,
    ServerConfig,
    Switches,
    WatchConfig,
)
from exchange_lab.values.directory import fqdn

TSIG_ALGORITHMS = ("hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224", "hmac-sha1", "hmac-md5")

_CHOICES = {
    "permission_groups_replacement": ("keeps_manual", "removes_dropped", "removes_manual"),
    "command_parameters": ("shown", "hidden"),
    "write_scope_error": ("saving", "task"),
    "range_echo": ("entered", "network", "lohi"),
    "proxy_lookup_failure": ("mail", "logon"),
    "hop_counts": ("captured", "documented"),
    "split_mailbox_port": ("25", "2525"),
    "older_cmdlets": ("refused", "allowed"),
    "newer_cmdlets": ("refused", "allowed"),
    "edge_parameters": ("unknown", "refused"),
    "legacy_anonymous_rights": ("four", "three"),
    "small_sizes": ("exact", "rounded"),
    "scope_ids": ("kept", "dropped"),
    "edge_transport_role": ("shown", "hidden"),
    "omitted_transport_role": ("HubTransport", "FrontendTransport"),
    "explicit_limits": ("assigned", "effective"),
    "policy_null": ("inherits", "no_limit"),
    "policy_scope_change": ("allowed", "refused"),
}


def load(path: Path | str) -> LabConfig:
    """Read a lab file. Raises LabFileError with one sentence."""
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise LabFileError(f"{path}: the lab file cannot be read ({error.strerror}).") from error
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f", line {where.line + 1}" if where else ""
        raise LabFileError(f"{path}{line}: the lab file is no valid YAML.") from error
    return parse(content, str(path))


# Last part of the SID of the lab file's first account.
_FIRST_ACCOUNT = 1601


def parse(content: object, where: str = "lab") -> LabConfig:
    """Turn the content of a lab file into a LabConfig. Raises LabFileError with one sentence."""
    top = Section(where, content)
    organization = _organization(top.section("organization", required=True))
    kerberos = _kerberos(top.section("kerberos")) if top.has("kerberos") else None
    people = top.section("accounts", required=True)
    servers = read_servers(top.section("servers", required=True), organization, kerberos)
    management_roles = read_management_roles(top.section("management_roles"))
    role_groups = read_role_groups(top.section("role_groups"), management_roles, servers)
    accounts, deleted = _accounts(people, organization, role_groups)
    _check_administrators(top, accounts, servers)
    domains = _accepted_domains(top, organization)
    dns = _dns(top.section("dns"), organization, servers) if top.has("dns") else None
    config = LabConfig(
        organization,
        servers,
        accounts,
        domains,
        kerberos,
        dns,
        tuple(_watch(item, accounts, servers) for item in top.sections("watch")),
        _limits(top.section("limits")),
        _switches(top.section("switches")),
        role_groups,
        read_inherited(top, servers),
        management_roles,
        deleted,
    )
    top.done()
    return config


def _organization(section: Section) -> OrganizationConfig:
    domain = read_domain(section, "domain")
    controllers = section.strings("domain_controllers", (f"dc1.{domain}",))
    if not controllers:
        raise section.error("domain_controllers", "name at least one domain controller")
    netbios = section.text("netbios", domain.partition(".")[0].upper())
    result = OrganizationConfig(section.text("name"), domain, netbios, controllers)
    section.done()
    return result


def _kerberos(section: Section) -> KerberosConfig:
    realm = section.text("realm")
    if not re.fullmatch(r"[A-Z0-9][A-Z0-9.-]*", realm):
        raise section.error("realm", f"{realm!r} is no Kerberos realm; write it in capitals like LAB.EXAMPLE")
    section.done()
    return KerberosConfig(realm)


def _accounts(
    section: Section, organization: OrganizationConfig, extra: Mapping[str, RoleGroupConfig]
) -> tuple[Mapping[str, AccountConfig], tuple[AccountConfig, ...]]:
    """The accounts that there are, and those that are deleted, which keep their places so that every SID stays."""
    accounts: dict[str, AccountConfig] = {}
    deleted: list[AccountConfig] = []
    known = (*ROLE_GROUPS, *extra)
    for number, name in enumerate(section.names(), start=_FIRST_ACCOUNT):
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,19}", name):
            raise section.error(name, "an account name has 1 to 20 letters, digits, dots, dashes or underscores")
        account = section.section(name, required=True)
        groups = account.strings("role_groups", ())
        for group in groups:
            if group not in known:
                raise account.error("role_groups", f"{group!r} is no role group; use one of {', '.join(known)}")
        read = AccountConfig(
            name,
            account.text("password"),
            groups,
            _upn(account, f"{name}@{organization.domain}", (*accounts.values(), *deleted)),
            f"{organization.netbios}\\{name}",
            account.boolean("remote_powershell", True),
            account.strings("administrator_of", ()) if account.has("administrator_of") else None,
            number,
            organization.domain,
        )
        if account.boolean("deleted", False):
            deleted.append(read)
        else:
            accounts[name] = read
        account.done()
    return accounts, tuple(deleted)


def _upn(account: Section, default: str, others: Iterable[AccountConfig]) -> str:
    """The UPN of an account: any suffix will do, but no two accounts share one."""
    upn = account.text("upn", default)
    if not re.fullmatch(r"[^@\s\\]+@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?", upn):
        raise account.error("upn", f"{upn!r} is no UPN; write it like {default}")
    taken = next((other.name for other in others if other.upn.lower() == upn.lower()), None)
    if taken is not None:
        raise account.error("upn", f"{upn!r} is the UPN of {taken} already; give each account its own")
    return upn


def _check_administrators(
    top: Section, accounts: Mapping[str, AccountConfig], servers: Mapping[str, ServerConfig]
) -> None:
    for account in accounts.values():
        for name in account.administrator_of or ():
            if name not in servers:
                place = f"accounts.{account.name}.administrator_of"
                raise top.error(place, f"{name!r} is no server of this lab; name some of {', '.join(servers)}")


def _accepted_domains(top: Section, organization: OrganizationConfig) -> tuple[AcceptedDomain, ...]:
    if not top.has("accepted_domains"):
        return (AcceptedDomain(organization.domain, organization.domain, "Authoritative", True),)
    domains = []
    for item in top.sections("accepted_domains"):
        name = item.text("name")
        domain = item.text("domain", name)
        try:
            fqdn(domain.removeprefix("*."))
        except ValueError:
            raise item.error("domain", f"{domain!r} is no SMTP domain; write it like lab.example") from None
        kind = item.choice("type", ("Authoritative", "InternalRelay", "ExternalRelay"), "Authoritative")
        domains.append(AcceptedDomain(name, domain, kind, item.boolean("default", False)))
        item.done()
    return tuple(domains)


def _dns(section: Section, organization: OrganizationConfig, servers: Mapping[str, ServerConfig]) -> DnsConfig:
    zone = read_domain(section, "zone", organization.domain)
    key = _dns_key(section.section("key")) if section.has("key") else None
    records = [*_server_records(servers, zone), *_dns_records(section.section("records"), zone)]
    address = read_address(section, "address", "127.0.0.1")
    result = DnsConfig(address, read_port(section, "port", 0), zone, key, tuple(records))
    section.done()
    return result


def _dns_key(section: Section) -> DnsKey:
    secret = section.text("secret")
    try:
        base64.b64decode(secret, validate=True)
    except (binascii.Error, ValueError):
        raise section.error("secret", "the secret of a TSIG key is base64") from None
    algorithm = section.choice("algorithm", TSIG_ALGORITHMS, "hmac-sha256")
    key = DnsKey(read_domain(section, "name"), algorithm, secret)
    section.done()
    return key


def address_records(name: str, addresses: tuple[str, ...]) -> list[DnsRecord]:
    """The A and AAAA sets of one name."""
    sets: dict[str, list[str]] = {}
    for address in addresses:
        sets.setdefault("AAAA" if ip_address(address).version == 6 else "A", []).append(address)
    return [DnsRecord(name, kind, tuple(values)) for kind, values in sets.items()]


def _server_records(servers: Mapping[str, ServerConfig], zone: str) -> list[DnsRecord]:
    return [
        record
        for server in servers.values()
        if server.fqdn.lower().endswith("." + zone.lower())
        for record in address_records(server.fqdn, server.addresses)
    ]


def _dns_records(section: Section, zone: str) -> list[DnsRecord]:
    """`name: address or list` is a set of addresses; `name: {TYPE: value or list}` is any other set."""
    records: list[DnsRecord] = []
    for name in section.names():
        full = zone if name == "@" else name if name.lower().endswith(zone.lower()) else f"{name}.{zone}"
        if not section.is_mapping(name):
            values = tuple(check_address(section, name, item) for item in section.strings(name))
            records += address_records(full, values)
            continue
        sets = section.section(name)
        for kind in sets.names():
            records.append(DnsRecord(full, kind.upper(), sets.strings(kind)))
    return records


def _watch(section: Section, accounts: Mapping[str, AccountConfig], servers: Mapping[str, ServerConfig]) -> WatchConfig:
    for key in ("sender", "recipient"):
        if "@" not in section.text(key):
            raise section.error(key, "an SMTP address holds an @")
    user = section.text("user") if section.has("user") else None
    edges = [server.name for server in servers.values() if server.edge]
    local = [account.local_to(edge) for account in accounts.values() for edge in edges]
    known = {name.lower() for account in (*accounts.values(), *local) for name in account.names}
    if user is not None and user.lower() not in known:
        raise section.error("user", f"{user!r} is no account of this lab; name one of {', '.join(accounts)}")
    logon = section.choice("logon", LOGONS, NEVER if user is None else ALWAYS)
    if user is None and logon != NEVER:
        raise section.error("logon", f"{logon!r} needs a user; name one, or take the key out")
    sender, recipient = section.text("sender"), section.text("recipient")
    result = WatchConfig(read_address(section, "client"), sender, recipient, user, logon)
    section.done()
    return result


def _limits(section: Section) -> Limits:
    given: dict[str, float] = {}
    for key in fields(Limits):
        if not section.has(key.name):
            continue
        if isinstance(key.default, float):
            given[key.name] = section.number(key.name, 0.01, 86400.0)
        else:
            given[key.name] = section.integer(key.name, 0, 1, 2**31 - 1)
    section.done()
    return Limits(**given)  # type: ignore[arg-type]


def _switches(section: Section) -> Switches:
    given: dict[str, object] = {}
    for key in fields(Switches):
        if not section.has(key.name):
            continue
        if key.name in _CHOICES:
            given[key.name] = section.choice(key.name, _CHOICES[key.name])
        else:
            given[key.name] = section.boolean(key.name, cast("bool", key.default))
    section.done()
    return Switches(**given)  # type: ignore[arg-type]
