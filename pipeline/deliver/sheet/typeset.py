"""Line breaking for Chinese text with Latin words and numbers inside."""

from __future__ import annotations

import re

from styles.fonts import measure_em

# GB/T 15834: closing marks never begin a line, opening marks never end one.
NO_START = frozenset("、，。；：！？）》〉」』”’】〕％%…—·,.;:!?)]}℃㎡")
NO_END = frozenset("（《〈「『“‘【〔([{第")
_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9.,:/×%‰+\-—–]*[A-Za-z0-9%‰㎡]|\s+|.", re.DOTALL)


def wrap_text(text: str, width_mm: float, size_mm: float, family: str = "sans") -> list[str]:
    """Break a paragraph into lines no wider than `width_mm`.

    Numbers and Latin words stay whole, and a closing mark at a line's start takes the character
    before it along, or hangs over the edge after a whole number, so no line begins with “，”.
    A word wider than the line is broken anywhere.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line: list[str] = []
        for token in _pieces(paragraph, width_mm / size_mm, family):
            if line and measure_em("".join([*line, token]).rstrip(), family) * size_mm > width_mm:
                carry = _carry(line, token)
                if not carry and token[0] in NO_START:
                    # Nothing can come along (one long number): the mark hangs over the edge.
                    line.append(token)
                    continue
                lines.append("".join(line).rstrip())
                line = carry
                if not line and token.isspace():
                    continue
            line.append(token)
        lines.append("".join(line).rstrip())
    return lines


def _pieces(paragraph: str, width_em: float, family: str) -> list[str]:
    pieces: list[str] = []
    for token in _TOKEN.findall(paragraph):
        pieces += list(token) if measure_em(token, family) > width_em else [token]
    return pieces


def _carry(line: list[str], token: str) -> list[str]:
    """Take off the end of a full line what must move to the next; changes `line` in place."""
    carry: list[str] = []
    while len(line) > 1 and ((carry or [token])[0][0] in NO_START or line[-1][-1] in NO_END):
        carry.insert(0, line.pop())
    return carry


def balance_lines(text: str, longest_em: float, family: str = "sans") -> list[str]:
    """Break a label into the fewest lines of about equal length."""
    width = measure_em(text, family)
    if width <= longest_em:
        return [text]
    count = int(-(-width // longest_em))
    return wrap_text(text, width / count + 1.0, 1.0, family)
