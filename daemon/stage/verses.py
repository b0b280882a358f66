"""What the pretend providers answer: to the same question the same verse, so that it can be checked."""

__all__ = ["question", "verse"]

# Edward Lear, The Owl and the Pussy-Cat, 1871.
_POEM = """\
The Owl and the Pussy-cat went to sea in a beautiful pea-green boat,
They took some honey, and plenty of money, wrapped up in a five-pound note.

They sailed away, for a year and a day, to the land where the Bong-Tree grows,
And there in a wood a Piggy-wig stood, with a ring at the end of his nose.

They dined on mince, and slices of quince, which they ate with a runcible spoon;
And hand in hand, on the edge of the sand, they danced by the light of the moon.
"""
_VERSES = tuple(" ".join(verse.split()) for verse in _POEM.split("\n\n"))


def question(number: int) -> str:
    """What request `number` asks."""
    return f"Please recite verse {number}."


def verse(asked: str) -> str:
    """The whole answer to that question, whoever gives it."""
    digits = "".join(char for char in asked if char.isdecimal())
    number = f"{digits}. " if digits else ""
    return number + _VERSES[int(digits or 0) % len(_VERSES)]
