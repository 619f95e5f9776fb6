# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The remote PowerShell endpoint of the lab's Exchange servers: HTTP, authentication, WS-Management, PSRP.

From the socket upwards: `server` and `listener` (TCP, HTTP), `security` and `sealing` (who calls, message
encryption), `soap` and `service` (WS-Management), `shells` and `pipelines` (PSRP), `language` (what may be run).
"""
