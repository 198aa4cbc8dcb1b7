"""How the house shows itself: its name, an accent colour out of a list, a logo."""

from typing import NamedTuple

NAME = "Yanxu"
ACCENTS = ("blue", "navy", "teal", "green", "violet", "crimson", "brown", "slate")
"""Colours that can be read wherever they stand, in the light and in the dark; ``brand.css`` has them."""


class Brand(NamedTuple):
    """`logo` is the name its picture is kept under, "" for the panel's own mark."""

    name: str = NAME
    accent: str = ACCENTS[0]
    logo: str = ""


PLAIN = Brand()
"""The panel's own face."""
