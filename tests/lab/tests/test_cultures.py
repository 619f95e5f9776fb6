# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Servers of other languages: messages, names of Windows' principals, separators of sizes, SMTP's decimal comma."""

from __future__ import annotations

import dataclasses
import re
import string

import pytest

from exchange_lab.cmdlets.texts import LANGUAGES, Text
from exchange_lab.smtp_texts import queued

from .conftest import MakeShell, Shell
from .test_smtp_limits import VIEW
from .test_versions import new_relay, server

CULTURES = ("en", "de", "fr")


def places(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_every_text_exists_in_every_language() -> None:
    english = LANGUAGES["en"]
    for culture in ("de", "fr"):
        assert LANGUAGES[culture].keys() == english.keys()
        for key, template in LANGUAGES[culture].items():
            assert places(template) == places(english[key]), f"{culture}: {key}"
            assert template != english[key] or key == "not_simulated", f"{culture}: {key} is not translated"


def test_a_text_within_a_text_is_translated_too() -> None:
    question = Text("create_connector", {"name": "Relay", "server": "EX1"})
    assert "wird auf dem Server" in Text("host_missing", {"question": question}).in_language("de")
    assert str(question) == 'Creating Receive connector "Relay" on server "EX1".'


@pytest.mark.parametrize(
    ("culture", "texts"),
    [
        ("en", ("couldn't be found", "A parameter cannot be found", "is not recognized", "no settings of")),
        ("de", ("nicht gefunden", "Es wurde kein Parameter gefunden", "wurde nicht als Name", "keine Einstellungen")),
        ("fr", ("est introuvable", "Impossible de trouver un paramètre", "n'est pas reconnu", "aucun paramètre de")),
    ],
)
def test_errors_and_warnings_are_in_the_servers_language(
    make_shell: MakeShell, culture: str, texts: tuple[str, ...]
) -> None:
    """Ids and categories are the same everywhere: a client must not depend on texts."""
    shell = make_shell(servers=server("2019", culture=culture))
    missing = shell.refused("Set-ReceiveConnector", r"EX1\Nothing", Comment="x")
    unknown = shell.refused("Set-ReceiveConnector", r"EX1\Default EX1", Nonsense="x")
    absent = shell.refused("Set-Mailbox")
    warning = shell.call("Set-ReceiveConnector", r"EX1\Default EX1", Enabled=True).warnings[0]
    for text, said in zip(texts, (missing.message, unknown.message, absent.message, warning), strict=True):
        assert text in said
    assert "[FailureCategory=Cmdlet-ManagementObjectNotFoundException]" in missing.error_id
    assert missing.exception_type.endswith(".ManagementObjectNotFoundException")
    assert unknown.error_id == "NamedParameterNotFound,Set-ReceiveConnector"
    assert absent.error_id == "CommandNotFoundException"


def test_ids_are_the_same_in_every_language(make_shell: MakeShell) -> None:
    found = set()
    for culture in CULTURES:
        shell = make_shell(servers=server("2019", culture=culture))
        error = shell.refused("Set-ReceiveConnector", r"EX1\Default EX1", MaxHopCount=501)
        found.add((re.sub(r"RequestId=[^\]]*", "", error.error_id), error.category, error.exception_type))
    assert len(found) == 1


def test_ids_name_the_server_only_in_remote_sessions_of_2013_and_later(make_shell: MakeShell) -> None:
    for version, roles, tagged in (
        ("2007", (), False),
        ("2010", (), False),
        ("2013", (), True),
        ("SE", ("edge",), False),
    ):
        error = make_shell(servers=server(version, *roles)).refused("Set-ReceiveConnector", "Nothing", Comment="x")
        assert error.error_id.startswith("[Server=EX1,") is tagged
        assert error.error_id.endswith(",Microsoft.Exchange.Management.SystemConfigurationTasks.SetReceiveConnector")


@pytest.mark.parametrize(
    ("culture", "size", "header"),
    [
        ("en", "1.5 MB (1,572,864 bytes)", "256 KB (262,144 bytes)"),
        ("de", "1,5 MB (1.572.864 bytes)", "256 KB (262.144 bytes)"),
        ("fr", "1,5 MB (1\u00a0572\u00a0864 bytes)", "256 KB (262\u00a0144 bytes)"),
    ],
)
def test_separators_of_sizes(make_shell: MakeShell, culture: str, size: str, header: str) -> None:
    shell = make_shell(servers=server("2019", culture=culture))
    made = new_relay(shell, MaxMessageSize=1_572_864)
    assert (made["MaxMessageSize"], made["MaxHeaderSize"]) == (size, header)
    found = shell.one("Get-ReceiveConnector", r"EX1\Relay")
    assert (found["MaxMessageSize"], found["MaxInboundConnection"]) == (size, "5000")


def test_sizes_without_the_servers_separators(make_shell: MakeShell) -> None:
    shell = make_shell(servers=server("2019", culture="de"), switches={"localized_sizes": False})
    assert new_relay(shell)["MaxMessageSize"] == "36 MB (37,748,736 bytes)"


def test_the_executing_server_decides(make_shell: MakeShell) -> None:
    servers = {**server("2019", culture="de"), "EX2": {"address": "127.0.1.2", "auth": ["basic"]}}
    shell = make_shell(servers=servers)
    here = shell.one("Get-ReceiveConnector", r"EX2\Default EX2")
    there = shell.on("EX2").one("Get-ReceiveConnector", r"EX1\Default EX1")
    assert here["MaxMessageSize"] == "36 MB (37.748.736 bytes)"
    assert there["MaxMessageSize"] == "36 MB (37,748,736 bytes)"


# --- names of principals ---------------------------------------------------------------------------------------------

ANONYMOUS = {
    "en": r"NT AUTHORITY\ANONYMOUS LOGON",
    "de": r"NT-AUTORITÄT\ANONYMOUS-ANMELDUNG",
    "fr": r"AUTORITE NT\ANONYMOUS LOGON",
}


def users(shell: Shell) -> set[object]:
    found = shell.objects("Get-ADPermission", "Relay")
    return {row["User"] for row in found if not row["IsInherited"]}


@pytest.mark.parametrize("culture", CULTURES)
def test_windows_principals_have_names_in_the_servers_language(make_shell: MakeShell, culture: str) -> None:
    shell = make_shell(servers=server("2019", culture=culture))
    shell.relay(PermissionGroups="AnonymousUsers, Partners")
    assert users(shell) == {ANONYMOUS[culture], r"MS Exchange\Partner Servers"}
    made = shell.one(
        "Add-ADPermission", "Relay", User=ANONYMOUS[culture], ExtendedRights=["ms-Exch-SMTP-Accept-Any-Recipient"]
    )
    assert made["User"] == ANONYMOUS[culture]
    [row] = [
        item
        for item in shell.objects("Get-ADPermission", "Relay", User=ANONYMOUS[culture])
        if item["ExtendedRights"] == ["ms-Exch-SMTP-Accept-Any-Recipient"]
    ]
    assert row["User"] == ANONYMOUS[culture]
    reply, _ = shell.answers.watched("EX1", "10.1.0.1", "app@lab.example", "someone@elsewhere.example")
    assert str(reply) == "250 2.1.5 Recipient OK", "the principal is the same one by any name"


@pytest.mark.parametrize(
    ("culture", "text"), [("en", "wasn't found"), ("de", "wurde nicht gefunden"), ("fr", "est introuvable")]
)
def test_an_unknown_user_is_told_in_the_servers_language_under_one_id(
    make_shell: MakeShell, culture: str, text: str
) -> None:
    shell = make_shell(servers=server("2019", culture=culture))
    new_relay(shell)
    for cmdlet in ("Get-ADPermission", "Add-ADPermission"):
        rights = {} if cmdlet.startswith("Get") else {"ExtendedRights": ["ms-Exch-SMTP-Submit"]}
        error = shell.refused(cmdlet, "Relay", User="Anonymous Login", **rights)
        assert text in error.message and "Anonymous Login" in error.message
        assert error.exception_type.endswith(".ManagementObjectNotFoundException")


def test_the_executing_server_names_the_principals(make_shell: MakeShell) -> None:
    """Also on connectors of a server of another language; and only its own names are taken there."""
    servers = {**server("2019", culture="de"), "EX2": {"address": "127.0.1.2", "auth": ["basic"]}}
    shell = make_shell(servers=servers)
    shell.relay(PermissionGroups="AnonymousUsers")
    english = shell.on("EX2")
    assert users(shell) == {ANONYMOUS["de"]}
    assert users(english) == {ANONYMOUS["en"]}
    call = {"Identity": "Relay", "ExtendedRights": ["ms-Exch-SMTP-Accept-Any-Recipient"]}
    assert english.refused("Add-ADPermission", User=ANONYMOUS["de"], **call).message
    assert english.one("Add-ADPermission", User=ANONYMOUS["en"], **call)["User"] == ANONYMOUS["en"]
    assert len([row for row in shell.objects("Get-ADPermission", "Relay") if not row["IsInherited"]]) == 5


def test_names_of_another_language_are_unknown(make_shell: MakeShell) -> None:
    shell = make_shell(servers=server("2019", culture="de"))
    new_relay(shell)
    call = {"Identity": "Relay", "ExtendedRights": ["ms-Exch-SMTP-Submit"]}
    for name in (ANONYMOUS["en"], "ANONYMOUS LOGON", ANONYMOUS["fr"], r"NT AUTHORITY\SYSTEM"):
        assert "wurde nicht gefunden" in shell.refused("Add-ADPermission", User=name, **call).message
    for name in (ANONYMOUS["de"], "anonymous-anmeldung", "S-1-5-7", r"LAB\operator"):
        assert shell.call("Add-ADPermission", User=name, **call).errors == []


# --- SMTP ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "culture", "expected"),
    [
        ("2007", "en", "250 2.6.0 <1@x> Queued mail for delivery"),
        ("2010", "de", "250 2.6.0 <1@x> [InternalId=7, Hostname=ex1] Queued mail for delivery"),
        ("2016", "en", "250 2.6.0 <1@x> [InternalId=7, Hostname=ex1] Queued mail for delivery"),
        (
            "2019",
            "en",
            "250 2.6.0 <1@x> [InternalId=7, Hostname=ex1] 1563 bytes in 2.970, 0.514 KB/sec Queued mail for delivery",
        ),
        (
            "SE",
            "fr",
            "250 2.6.0 <1@x> [InternalId=7, Hostname=ex1] 1563 bytes in 2.970, 0,514 KB/sec Queued mail for delivery",
        ),
    ],
)
def test_what_an_accepted_message_is_told(version: str, culture: str, expected: str) -> None:
    view = dataclasses.replace(VIEW, version=version, culture=culture)
    assert queued(view, "<1@x>", 7, "ex1", 1563, 2.97) == expected
