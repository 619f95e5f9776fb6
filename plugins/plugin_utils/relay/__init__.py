# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The pure core of the collection: what should be, what is, and the plan between them.

PRIVATE to the collection. Nothing in here imports Ansible, opens a socket or reads a clock: the same input
always gives the same plan, so that check mode, the run and a test see the same commands.
"""

from __future__ import annotations
