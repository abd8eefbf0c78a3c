"""Text into words, exactly as `src/vector/static/words.rs` does it.

A word is a run of letters or a run of digits of the bytes of the text, folded
to ASCII lower case. Camel case splits (`HTTPServer` is `http server`), and a
byte of 0x80 or above counts as a lower-case letter, so that UTF-8 words stay
whole without a Unicode table that two programs would have to share.
"""

import re

MAX_WORD = 64  # longer runs are data, not words

_WORD = re.compile(rb"[A-Z]+(?![a-z\x80-\xff])|[A-Z]?[a-z\x80-\xff]+|[0-9]+")


def split(text):
    """The words of `text` (bytes) in order, lower case."""
    return [w.lower() for w in _WORD.findall(text) if len(w) <= MAX_WORD]


def pieces(word, known, longest):
    """An unknown word as known pieces: greedy, longest match first.

    Pieces are two bytes or more; a byte that starts none is skipped. Digits
    that are not known as a whole mean nothing in parts.
    """
    if word[:1].isdigit():
        return []
    found, at = [], 0
    while at + 1 < len(word):
        for end in range(min(len(word), at + longest), at + 1, -1):
            if word[at:end] in known:
                found.append(word[at:end])
                at = end
                break
        else:
            at += 1
    return found
