# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.errors import InvalidOption
from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.session import ConnectionOptions

SNAP_IN = "Microsoft.Exchange.Management.PowerShell.SnapIn"


class TestEndpoint:
    @pytest.mark.parametrize(
        ("options", "endpoint"),
        [
            ({"host": "ex1.contoso.com"}, "http://ex1.contoso.com:80/PowerShell"),
            ({"host": "ex1.contoso.com", "scheme": "https"}, "https://ex1.contoso.com:443/PowerShell"),
            ({"host": "10.0.0.1", "port": 8080, "path": "/PowerShell/"}, "http://10.0.0.1:8080/PowerShell"),
            ({"host": "2001:db8::1"}, "http://[2001:db8::1]:80/PowerShell"),
            ({"host": "edge01", "snap_in": SNAP_IN}, "http://edge01:5985/wsman"),
            ({"host": "edge01", "snap_in": SNAP_IN, "scheme": "https"}, "https://edge01:5986/wsman"),
            ({"host": "edge01", "snap_in": SNAP_IN, "port": 80, "path": "other"}, "http://edge01:80/other"),
        ],
    )
    def test_is_exchanges_own_unless_told_otherwise(self, options: dict[str, object], endpoint: str):
        assert ConnectionOptions(**options).endpoint == endpoint

    def test_the_session_configuration_follows_the_snap_in(self):
        assert ConnectionOptions("ex1").configuration == "Microsoft.Exchange"
        assert ConnectionOptions("edge01", snap_in=SNAP_IN).configuration == "Microsoft.PowerShell"
        assert ConnectionOptions("edge01", snap_in=SNAP_IN, configuration_name="Mine").configuration == "Mine"


class TestRefusals:
    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            ({"host": ""}, "ansible_exchange_host"),
            *(({"host": host}, "is not a host") for host in ("http://ex1/PowerShell", "ex1 ex2", "a@ex1", "ex1\n")),
            *(({"port": port}, "ansible_exchange_port must be a port") for port in (0, 65536, -1)),
            ({"scheme": "ftp"}, "ansible_exchange_scheme must be one of http, https, not 'ftp'"),
            ({"auth": "digest"}, "ansible_exchange_auth must be one of kerberos"),
            ({"message_encryption": "maybe"}, "ansible_exchange_message_encryption must be one of"),
            ({"command_timeout": 0}, "ansible_exchange_command_timeout must be at least 1"),
            ({"read_timeout": 20}, r"ansible_exchange_read_timeout \(20\) must be greater"),
            ({"auth": "ntlm"}, "ntlm needs a user name and a password"),
            ({"auth": "basic", "username": "a"}, "basic needs a user name and a password"),
            ({"auth": "basic", "username": "a", "password": "b"}, "clear text"),
            *(({"snap_in": name}, "the name of one snap-in") for name in ("*", "Microsoft.*", "a b", "a;b", "a.", "")),
            (
                {"auth": "basic", "username": "a", "password": "b", "message_encryption": "always"},
                "cannot be encrypted",
            ),
        ],
    )
    def test_what_cannot_work_is_said_in_one_sentence(self, options: dict[str, object], sentence: str):
        with pytest.raises(InvalidOption, match=sentence):
            ConnectionOptions(**{"host": "ex1", **options})

    @pytest.mark.parametrize("options", [{"scheme": "https"}, {"message_encryption": "never"}])
    def test_basic_is_possible_when_it_is_meant(self, options: dict[str, object]):
        ConnectionOptions(host="ex1", auth="basic", username="a", password="b", **options)
