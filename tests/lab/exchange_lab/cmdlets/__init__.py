# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The cmdlets: parameter binding as PowerShell does it, validation and errors as Exchange does them."""
