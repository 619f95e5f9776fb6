# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import (
    CmdletFailed,
    CmdletUnavailable,
    ErrorRecord,
    ObjectExists,
    ObjectNotFound,
    OutOfScope,
    cmdlet_error,
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
            (ErrorRecord("x", MARKS + "6A2B,NewX", "NotSpecified", "", "ADObjectAlreadyExistsException"), ObjectExists),
            (ErrorRecord("x", "[FailureCategory=Cmdlet-ADObjectAlreadyExistsException] 6A2B,NewX"), ObjectExists),
            (ErrorRecord("x", MARKS + "6A2B,SetX", "InvalidArgument", "", "ArgumentException"), CmdletFailed),
            (ErrorRecord("x", MARKS + "6A2B,SetX", "NotSpecified", "", "ADScopeException"), OutOfScope),
            (ErrorRecord("x", "6A2B,SetX", "InvalidOperation", "", "IsOutofConfigWriteScopeException"), OutOfScope),
            (ErrorRecord("x", MARKS.replace("X]", "ADScopeException]") + "6A2B,SetX"), OutOfScope),
            (ErrorRecord("x", MARKS + "6A2B,SetX", "PermissionDenied", "", "ADOperationException"), CmdletFailed),
        ],
    )
    def test_ids_and_categories_decide(self, record: ErrorRecord, kind: type[CmdletFailed]):
        assert type(cmdlet_error("Set-ReceiveConnector", record)) is kind

    @pytest.mark.parametrize(
        "message",
        [
            "couldn't be found on 'dc1'",
            "is not recognized as the name of a cmdlet",
            "A parameter cannot be found",
            "'Relay' isn't within your current write scopes. Can't perform save operation.",
        ],
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

    @pytest.mark.parametrize(
        ("cmdlet", "error_id", "versions"),
        [
            ("Get-ADPermission", "CommandNotFoundException", False),
            ("Get-NetworkConnectionInfo", "CommandNotFoundException", True),
            ("Set-ReceiveConnector", "NamedParameterNotFound,Set-ReceiveConnector", True),
        ],
    )
    def test_a_version_is_blamed_only_where_it_can_be(self, cmdlet: str, error_id: str, versions: bool):
        error = cmdlet_error(cmdlet, ErrorRecord("x", error_id, "InvalidArgument"), server="EX1")
        assert "to this account on EX1: give it the management role" in str(error)
        assert ("whose Exchange version knows it" in str(error)) is versions

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

    @pytest.mark.parametrize(
        "said",
        [
            "'EX2\\Relay' isn't within your current write scopes.",
            '"EX2\\Relay" liegt nicht innerhalb Ihrer aktuellen Schreibbereiche.',
            "«EX2\\Relay» n'est pas compris dans vos étendues d'écriture actuelles.",
        ],
    )
    def test_out_of_scope_names_account_server_and_remedy_in_every_language(self, said: str):
        record = ErrorRecord(said, "6A2B,SetX", "NotSpecified", "", "ADScopeException")
        error = cmdlet_error("Set-ReceiveConnector", record, account="LAB\\relay", server="EX2")
        assert str(error) == (
            "Set-ReceiveConnector was refused, because EX2 is outside of the write scope of the account LAB\\relay: "
            "add EX2 to the configuration write scope of its role group, or use an account whose write scope holds it "
            f"(Exchange says: {said})."
        )

    def test_out_of_scope_without_names(self):
        record = ErrorRecord("x", "6A2B,AddX", "NotSpecified", "", "ADScopeException")
        text = str(cmdlet_error("Add-ADPermission", record))
        assert "the server is outside of the write scope of this account" in text

    def test_what_belongs_to_no_server_is_in_no_scope_of_servers(self):
        record = ErrorRecord("x", "6A2B,SetX", "NotSpecified", "", "ADScopeException")
        text = str(cmdlet_error("Set-ThrottlingPolicy", record, account="relay", server="EX1"))
        assert "EX1" not in text
        assert "role group without a configuration write scope" in text
