"""Texts that people read: what stands in them is seen, and reads in the order that it has."""

from unicodedata import category

# Control characters, lone surrogates, separators of lines, and what is not seen or turns the
# direction of writing, so that a name reads as another one. Some scripts need the joiners.
UNSEEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
JOINERS = "\u200c\u200d"
FILLERS = "\u115f\u1160\u2800\u3164\uffa0"


def is_legible(text: str, *, besides: str = "") -> bool:
    """Whether nothing in a text is out of the ordinary; ``besides`` may stand in it all the same,
    such as line breaks.
    """
    taken = JOINERS + besides
    return not any((category(c) in UNSEEN and c not in taken) or c in FILLERS for c in text)


def legible(text: str) -> str:
    """A text of somebody else's to be read on a page: a sign stands for each that would not be
    seen, or would turn what stands around it.
    """
    return "".join(sign if is_legible(sign) else "\N{REPLACEMENT CHARACTER}" for sign in text)
