# Copyright: (c) 2026, the mailrelay.exchange authors
# GNU General Public License v3.0 or later (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What cmdlets say, in the languages of the lab's servers.

`en` holds the documents' texts where they quote one; the wording of every other text, and every translation, is
unverified. Error ids and categories are the same in every language, only messages differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exchange_lab.cmdlets.texts import de, en, fr

LANGUAGES: Mapping[str, Mapping[str, str]] = {"en": en.TEXTS, "de": de.TEXTS, "fr": fr.TEXTS}


@dataclass(frozen=True)
class Text:
    """One message: its key in the tables and what fills its places. An argument may be a Text itself."""

    key: str
    arguments: Mapping[str, object] = field(default_factory=dict)

    def in_language(self, culture: str) -> str:
        """The message as a server of a culture words it."""
        filled = {
            name: value.in_language(culture) if isinstance(value, Text) else value
            for name, value in self.arguments.items()
        }
        return LANGUAGES[culture][self.key].format(**filled)

    def __str__(self) -> str:
        return self.in_language("en")
