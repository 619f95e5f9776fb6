# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Programs that the lab starts must not outlive it, however it ends."""

from __future__ import annotations

import shutil
from collections.abc import Sequence


def dying_with_us(command: Sequence[str]) -> list[str]:
    """Return `command`, wrapped so that the kernel ends it with the thread that starts it.

    A lab that is killed cannot stop anything any more. `setpriv` (util-linux, in every Debian) asks the kernel for a
    signal at the parent's death and then becomes the command, under the same process id; where it is missing, the
    command stays as it is. Call this from the main thread: the signal comes when the starting thread ends.
    """
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "KILL", "--", *command] if setpriv else list(command)
