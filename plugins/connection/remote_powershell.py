# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

# ruff: noqa: E402 - Ansible wants the documentation before the imports

DOCUMENTATION = r"""
name: remote_powershell
author: The mailrelay.exchange authors (@mailrelay)
short_description: Reach the remote PowerShell endpoint of an Exchange server
version_added: 0.1.0
description:
  - Holds the options with which the modules of this collection reach Exchange's own remote PowerShell endpoint,
    C(http://<server>/PowerShell), and opens their sessions.
  - Edge Transport servers and Exchange 2007 have no such endpoint. With O(snap_in) the plain WinRM endpoint of Windows
    is used for them instead, C(http://<server>:5985/wsman), and the snap-in brings Exchange's cmdlets.
  - Hosts do not have to name it. The modules use it for themselves whatever C(ansible_connection) of the host says, so
    an inventory of Windows hosts keeps its C(winrm) or C(psrp) connection, its shell and its C(become).
  - It never reads C(ansible_port), C(ansible_winrm_*) or C(ansible_psrp_*), because those describe another endpoint.
    Where two variables set the same option, the C(ansible_exchange_*) one wins.
  - With C(delegate_to) the options are those of the host that is delegated to, as for every connection; the Exchange
    server that is managed stays that of the inventory host.
  - It runs no commands and copies no files; cmdlets with their parameters are all that it sends, to the plain WinRM
    endpoint too.
requirements:
  - pypsrp >= 0.9, < 1, with its extra C(kerberos) for O(auth=kerberos) (Python library on the control node)
notes:
  - Exchange allows an account 18 sessions on a server. Every task of this collection opens one and closes it, so up to
    18 hosts may share one endpoint at a time; more of them wait for O(quota_timeout). Use C(serial) or C(delegate_to)
    to spread them, and an account of its own for Ansible.
  - On an Edge Transport server or Exchange 2007, every task loads the snap-in anew, which takes the server seconds, and
    management roles count for nothing there, because a snap-in knows none.
options:
  host:
    description:
      - Name or address of the Exchange server to connect to. Kerberos needs the server's own FQDN, not an alias and not
        the name of a load balancer.
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      - name: ansible_host
      - name: ansible_exchange_host
  remote_user:
    description:
      - Account that opens the session. For O(auth=kerberos) write C(name@REALM) with the realm in capitals.
      - Without it, Kerberos takes the ticket that the user who runs Ansible already has.
      - It needs the management roles C(Receive Connectors) and C(Active Directory Permissions), the second only to
        grant rights, and a role that reads the servers, such as C(View-Only Configuration).
      - With O(snap_in) it has to be a local Administrator of the server instead. On an Edge Transport server outside of
        a domain that is a local account, written C(EDGE01\admin).
    type: str
    vars:
      - name: ansible_user
      - name: ansible_exchange_user
    keyword:
      - name: remote_user
  remote_password:
    description:
      - Password of O(remote_user); also what C(--ask-pass) or a machine credential of AWX provides.
    type: str
    vars:
      - name: ansible_password
      - name: ansible_exchange_password
    keyword:
      - name: password
  scheme:
    description:
      - C(http) is right with Kerberos and NTLM, because they encrypt the messages themselves. Basic needs C(https).
    type: str
    default: http
    choices: [http, https]
    vars:
      - name: ansible_exchange_scheme
    env:
      - name: ANSIBLE_EXCHANGE_SCHEME
    ini:
      - section: exchange
        key: scheme
  port:
    description:
      - TCP port; 80 for O(scheme=http) and 443 for O(scheme=https) when it is not set, with O(snap_in) 5985 and 5986.
    type: int
    vars:
      - name: ansible_exchange_port
    env:
      - name: ANSIBLE_EXCHANGE_PORT
    ini:
      - section: exchange
        key: port
  path:
    description:
      - Path of the endpoint; that of Exchange's virtual directory, C(PowerShell), when it is not set, with O(snap_in)
        that of WinRM, C(wsman).
    type: str
    vars:
      - name: ansible_exchange_path
    env:
      - name: ANSIBLE_EXCHANGE_PATH
    ini:
      - section: exchange
        key: path
  configuration_name:
    description:
      - Name of the session configuration; C(Microsoft.Exchange) when it is not set, with O(snap_in)
        C(Microsoft.PowerShell).
    type: str
    vars:
      - name: ansible_exchange_configuration_name
    env:
      - name: ANSIBLE_EXCHANGE_CONFIGURATION_NAME
    ini:
      - section: exchange
        key: configuration_name
  snap_in:
    description:
      - Name of the PowerShell snap-in that brings Exchange's cmdlets. Set it for Edge Transport servers and Exchange
        2007, and for nothing else.
      - C(Microsoft.Exchange.Management.PowerShell.SnapIn) for Edge Transport of Exchange 2013 and later,
        C(Microsoft.Exchange.Management.PowerShell.E2010) for Edge Transport of Exchange 2010,
        C(Microsoft.Exchange.Management.PowerShell.Admin) for every server of Exchange 2007.
      - It changes the defaults of O(port), O(path) and O(configuration_name) to those of the plain WinRM endpoint. The
        snap-in is loaded first, by the command C(Add-PSSnapin).
      - For any other server it is refused, because a snap-in passes over the management roles.
    type: str
    vars:
      - name: ansible_exchange_snap_in
    env:
      - name: ANSIBLE_EXCHANGE_SNAP_IN
    ini:
      - section: exchange
        key: snap_in
  auth:
    description:
      - How to authenticate. Out of the box, Exchange takes Kerberos only.
      - C(negotiate) tries Kerberos and falls back to NTLM. NTLM needs Windows authentication, and Basic needs basic
        authentication, to be turned on for the virtual directory.
      - The plain WinRM endpoint, with O(snap_in), takes NTLM out of the box, which is what a local account of an Edge
        Transport server needs. Exchange 2007 needs Kerberos with O(kerberos_delegation).
    type: str
    default: kerberos
    choices: [kerberos, negotiate, ntlm, basic]
    vars:
      - name: ansible_exchange_auth
    env:
      - name: ANSIBLE_EXCHANGE_AUTH
    ini:
      - section: exchange
        key: auth
  message_encryption:
    description:
      - Whether the messages are encrypted by the method of authentication.
      - C(auto) encrypts with O(scheme=http) and leaves it to TLS with O(scheme=https).
      - C(never) with O(scheme=http) sends everything in clear text, with O(auth=basic) also the password.
    type: str
    default: auto
    choices: [auto, always, never]
    vars:
      - name: ansible_exchange_message_encryption
    env:
      - name: ANSIBLE_EXCHANGE_MESSAGE_ENCRYPTION
    ini:
      - section: exchange
        key: message_encryption
  cert_validation:
    description: Whether the certificate of O(scheme=https) is checked.
    type: str
    default: validate
    choices: [validate, ignore]
    vars:
      - name: ansible_exchange_cert_validation
    env:
      - name: ANSIBLE_EXCHANGE_CERT_VALIDATION
    ini:
      - section: exchange
        key: cert_validation
  ca_cert:
    description: File or directory with the authorities to trust, in PEM form, instead of the system's.
    type: path
    vars:
      - name: ansible_exchange_ca_cert
    env:
      - name: ANSIBLE_EXCHANGE_CA_CERT
    ini:
      - section: exchange
        key: ca_cert
  connection_timeout:
    description: Seconds for the TCP connection to be made.
    type: int
    default: 30
    vars:
      - name: ansible_exchange_connection_timeout
    env:
      - name: ANSIBLE_EXCHANGE_CONNECTION_TIMEOUT
    ini:
      - section: exchange
        key: connection_timeout
  operation_timeout:
    description: Seconds for which the server may hold a request open while it has nothing to say.
    type: int
    default: 20
    vars:
      - name: ansible_exchange_operation_timeout
    env:
      - name: ANSIBLE_EXCHANGE_OPERATION_TIMEOUT
    ini:
      - section: exchange
        key: operation_timeout
  read_timeout:
    description: Seconds to wait for an answer; more than O(operation_timeout).
    type: int
    default: 30
    vars:
      - name: ansible_exchange_read_timeout
    env:
      - name: ANSIBLE_EXCHANGE_READ_TIMEOUT
    ini:
      - section: exchange
        key: read_timeout
  command_timeout:
    description:
      - Seconds for which one cmdlet, or the opening of a session, may take. A cmdlet that takes longer is told to stop
        and the session is discarded.
    type: int
    default: 300
    vars:
      - name: ansible_exchange_command_timeout
    env:
      - name: ANSIBLE_EXCHANGE_COMMAND_TIMEOUT
    ini:
      - section: exchange
        key: command_timeout
  quota_timeout:
    description:
      - Seconds for which to try again when the account already has as many sessions on the server as Exchange allows.
      - A session that nobody closed counts for 15 minutes.
    type: int
    default: 120
    vars:
      - name: ansible_exchange_quota_timeout
    env:
      - name: ANSIBLE_EXCHANGE_QUOTA_TIMEOUT
    ini:
      - section: exchange
        key: quota_timeout
  kerberos_service:
    description: Service part of the Kerberos principal of the server.
    type: str
    default: HTTP
    vars:
      - name: ansible_exchange_kerberos_service
    env:
      - name: ANSIBLE_EXCHANGE_KERBEROS_SERVICE
    ini:
      - section: exchange
        key: kerberos_service
  kerberos_hostname:
    description: Host part of the Kerberos principal of the server, when it is not O(host).
    type: str
    vars:
      - name: ansible_exchange_kerberos_hostname
    env:
      - name: ANSIBLE_EXCHANGE_KERBEROS_HOSTNAME
    ini:
      - section: exchange
        key: kerberos_hostname
  kerberos_delegation:
    description:
      - Whether the server gets a ticket with which it may act in the account's name. It takes a ticket that can be
        forwarded (C(forwardable = true) in C(krb5.conf)).
      - Exchange 2007 needs it, because there the snap-in asks Active Directory as the account itself. Exchange's own
        endpoint does not; leave it off there.
    type: bool
    default: false
    vars:
      - name: ansible_exchange_kerberos_delegation
    env:
      - name: ANSIBLE_EXCHANGE_KERBEROS_DELEGATION
    ini:
      - section: exchange
        key: kerberos_delegation
  server:
    description:
      - Short name of the Exchange server that is managed, for modules whose option C(server) is not given. The first
        label of C(inventory_hostname) when this is not set either.
      - Taken from the inventory host, also with C(delegate_to).
    type: str
    vars:
      - name: ansible_exchange_server
  domain_controller:
    description:
      - Domain controller that every cmdlet about the server is sent to, for modules whose option C(domain_controller)
        is not given. The one that the server itself reads its configuration from when this is not set either.
      - Taken from the inventory host, also with C(delegate_to).
    type: str
    vars:
      - name: ansible_exchange_domain_controller
  resolver:
    description:
      - DNS server, C(host) or C(host:port), that is asked for the addresses of the Exchange servers; the control node's
        own resolver when this is not set.
      - Taken from the inventory host, also with C(delegate_to).
    type: str
    vars:
      - name: ansible_exchange_resolver
    env:
      - name: ANSIBLE_EXCHANGE_RESOLVER
    ini:
      - section: exchange
        key: resolver
"""

EXAMPLES = r"""
# Inventory of Windows hosts that keep their winrm connection; the modules of this collection need three variables more.
# exchange:
#   hosts:
#     ex1.contoso.com:
#     ex2.contoso.com:
#   vars:
#     ansible_connection: winrm
#     ansible_port: 5986
#     ansible_exchange_user: svc-ansible@CONTOSO.COM
#     ansible_exchange_password: "{{ vault_exchange_password }}"
#     ansible_exchange_auth: kerberos

# An Edge Transport server outside of the domain, with a local account.
# edge:
#   hosts:
#     edge01.dmz.contoso.com:
#   vars:
#     ansible_exchange_snap_in: Microsoft.Exchange.Management.PowerShell.SnapIn
#     ansible_exchange_user: EDGE01\admin
#     ansible_exchange_password: "{{ vault_edge_password }}"
#     ansible_exchange_auth: ntlm

- name: Show which receive connectors the servers have
  hosts: exchange
  gather_facts: false
  tasks:
    - name: Read the connectors
      mailrelay.exchange.receive_connector_info:
      register: relay
"""

from typing import TYPE_CHECKING, Any, NoReturn

from ansible.errors import AnsibleError
from ansible.plugins.connection import ConnectionBase

from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.session import ConnectionOptions

if TYPE_CHECKING:
    from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.session import Session

_PASSED_ON = (
    "host",
    "port",
    "scheme",
    "path",
    "configuration_name",
    "auth",
    "message_encryption",
    "ca_cert",
    "connection_timeout",
    "operation_timeout",
    "read_timeout",
    "command_timeout",
    "quota_timeout",
)


class Connection(ConnectionBase):
    """Carries options; the actions ask it for a session."""

    transport = "mailrelay.exchange.remote_powershell"
    has_tty = False

    def session(self) -> Session:
        """Return a session, not yet open, made from the options.

        Raises:
            InvalidOption: an option has a value that cannot work.
        """
        # pypsrp and all it needs is imported here and nowhere earlier: not every fork opens a session.
        from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.psrp import PsrpSession
        from ansible_collections.mailrelay.exchange.plugins.plugin_utils.exchange.snap_in import SnapInSession

        options = self._connection_options()
        session = PsrpSession(options)
        return SnapInSession(session, options.snap_in) if options.snap_in else session

    def _connection_options(self) -> ConnectionOptions:
        values: dict[str, Any] = {name: self._option(name) for name in _PASSED_ON}
        return ConnectionOptions(
            **values,
            username=self._option("remote_user") or None,
            password=self._option("remote_password") or None,
            snap_in=self._option("snap_in") or None,
            cert_validation=self._option("cert_validation") == "validate",
            negotiate_service=self._option("kerberos_service"),
            negotiate_hostname=self._option("kerberos_hostname") or None,
            negotiate_delegate=self._option("kerberos_delegation"),
        )

    def _option(self, name: str) -> Any:
        """An option's value; text without Ansible's marks, because the libraries below look at exact types."""
        plugin: Any = self
        value = plugin.get_option(name)
        return str.__str__(value) if isinstance(value, str) else value

    def _connect(self) -> Connection:
        # Nothing to do: a session belongs to the action that asks for it.
        return self

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> NoReturn:
        """Refuse: the endpoint takes cmdlets only."""
        self._refuse("runs no commands")

    def put_file(self, in_path: str, out_path: str) -> NoReturn:
        """Refuse: the endpoint takes cmdlets only."""
        self._refuse("copies no files")

    def fetch_file(self, in_path: str, out_path: str) -> NoReturn:
        """Refuse: the endpoint takes cmdlets only."""
        self._refuse("copies no files")

    def close(self) -> None:
        """Nothing is kept open."""
        self._connected = False

    def _refuse(self, what: str) -> NoReturn:
        raise AnsibleError(
            f"The connection {self.transport} {what}: only the modules of mailrelay.exchange use it, and they do so "
            f"whatever ansible_connection says; set ansible_connection to winrm or psrp for other modules."
        )
