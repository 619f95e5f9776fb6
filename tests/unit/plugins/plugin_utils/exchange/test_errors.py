# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import (
    CmdletFailed,
    CmdletUnavailable,
    ErrorRecord,
    ObjectNotFound,
    cmdlet_error,
    role_of,
)

MARKS = "[Server=EX1,RequestId=1,TimeStamp=1/1/2026 1:00:00 AM] [FailureCategory=Cmdlet-X] "


class TestWhichError:
    @pytest.mark.parametrize(
        ("record", "kind"),
        [
            (ErrorRecord("x", "CommandNotFoundException", "ObjectNotFound", "Add-ADPermission"), CmdletUnavailable),
            (ErrorRecord("x", "NamedParameterNotFound,Set-X", "InvalidArgument"), CmdletUnavailable),
            (
                ErrorRecord("x", MARKS + "6A2B,GetX", "NotSpecified", "", "ManagementObjectNotFoundException"),
                ObjectNotFound,
            ),
            (ErrorRecord("x", MARKS + "6A2B,GetX", "ObjectNotFound"), ObjectNotFound),
            (ErrorRecord("x", MARKS + "6A2B,SetX", "InvalidArgument", "", "ArgumentException"), CmdletFailed),
        ],
    )
    def test_ids_and_categories_decide(self, record: ErrorRecord, kind: type[CmdletFailed]):
        assert type(cmdlet_error("Set-ReceiveConnector", record)) is kind

    @pytest.mark.parametrize(
        "message",
        ["couldn't be found on 'dc1'", "is not recognized as the name of a cmdlet", "A parameter cannot be found"],
    )
    def test_texts_never_decide(self, message: str):
        assert type(cmdlet_error("Set-ReceiveConnector", ErrorRecord(message, "X"))) is CmdletFailed


class TestSentences:
    def test_a_missing_role_is_named_with_who_has_it(self):
        record = ErrorRecord("Der Name wurde nicht erkannt.", "CommandNotFoundException", "ObjectNotFound")
        error = cmdlet_error("Add-ADPermission", record, account="svc@LAB.EXAMPLE")
        assert "svc@LAB.EXAMPLE" in str(error)
        assert "'Active Directory Permissions'" in str(error)
        assert "Organization Management alone" in str(error)

    def test_a_cmdlet_of_unknown_role_tells_how_to_find_it(self):
        error = cmdlet_error("Get-Widget", ErrorRecord("x", "CommandNotFoundException"))
        assert "Get-ManagementRole -Cmdlet Get-Widget" in str(error)

    def test_a_failure_carries_what_can_be_looked_up(self):
        record = ErrorRecord("Wert ungültig", MARKS + "DDB7,SetReceiveConnector", "InvalidData", "", "DataException")
        text = str(cmdlet_error("Set-ReceiveConnector", record))
        assert (
            text == "Set-ReceiveConnector failed: Wert ungültig [DataException, InvalidData, DDB7,SetReceiveConnector]"
        )

    def test_an_error_without_text(self):
        assert "Exchange gave no text" in str(cmdlet_error("Set-ReceiveConnector", ErrorRecord("")))

    def test_roles(self):
        assert role_of("Remove-ADPermission") == "Active Directory Permissions"
        assert role_of("Get-Widget") == ""
