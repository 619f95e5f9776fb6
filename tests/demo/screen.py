# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the demonstration looks like on a screen."""

from __future__ import annotations

import os
import re
import sys
import textwrap
from collections.abc import Iterable

WIDTH = 118
STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}


class Screen:
    """Prints steps, dialogues and command lines; in colour on a terminal only."""

    def __init__(self) -> None:
        self.colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self.steps = 0

    def style(self, text: str, *names: str) -> str:
        """Text with the named styles, or as it is where there is no colour."""
        if not self.colour:
            return text
        return f"\033[{';'.join(STYLES[name] for name in names)}m{text}\033[0m"

    def line(self, text: str = "") -> None:
        """One line as it is."""
        print(text, flush=True)

    def title(self, text: str, below: str) -> None:
        """The head of the demonstration."""
        self.line(self.style(text, "bold"))
        self.line(self.style(below, "dim"))

    def step(self, text: str) -> None:
        """The head of a step."""
        self.steps += 1
        self.line()
        self.line(f"{self.style(str(self.steps), 'bold', 'cyan')}  {self.style(text, 'bold')}")

    def note(self, text: str) -> None:
        """A sentence below a step."""
        self.line("   " + text)

    def code(self, lines: Iterable[str]) -> None:
        """Lines to be read as they stand; long ones are folded."""
        for text in lines:
            folded = textwrap.wrap(text, WIDTH - 6, subsequent_indent="    ", break_on_hyphens=False) or [""]
            for line in folded:
                self.line("   " + self.style(line, "cyan"))

    def commands(self, lines: Iterable[str]) -> None:
        """Exchange Management Shell lines, one or two parameters a line and long distinguished names shortened."""
        for text in lines:
            short = re.sub(r"(CN=[^,']+,CN=[^,']+),[^']*(,DC=[^,']+)'", r"\1,...\2'", text)
            head, *parameters = re.split(r" (?=-[A-Z])", short)
            row = head
            for parameter in parameters:
                if len(row) + len(parameter) > WIDTH - 6:
                    self.line("   " + self.style(row, "cyan"))
                    row = "   "
                row += " " + parameter
            self.line("   " + self.style(row, "cyan"))

    def say(self, who: str, speaker: str, text: str) -> None:
        """One line of an SMTP dialogue."""
        refused = speaker == "S" and text[:1] in "45"
        good = speaker == "S" and text.startswith(("250 2.1.5", "250 2.6.0"))
        styles = ["red"] if refused else ["green"] if good else ["dim"] if speaker == "S" else []
        arrow = "<" if speaker == "S" else ">"
        shown = text if len(text) <= WIDTH - 16 else f"{text[:50]} ... {text[60 - WIDTH + 16 :]}"
        self.line(f"   {who:10} {arrow} " + (self.style(shown, *styles) if styles else shown))

    def check(self, passed: bool, text: str) -> None:
        """One proof, with its outcome in front."""
        mark = self.style("ok  ", "green") if passed else self.style("FAIL", "red")
        self.line(f"   {mark} {text}")
