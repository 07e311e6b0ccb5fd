"""Passwords that attackers try first: told by how people make them, and by a list of others that were stolen often.

A common password is one or two well-known pieces: a word, a run along the keyboard, the alphabet or the digits, one
letter or syllable again and again, a year or a date; then a few digits or signs. Two different words in a row are none.
The list has what these rules leave of the 11,611 most frequent passwords of 8 and more characters (frequencies of
zxcvbn 4.5, which ranks 30,000), so that all of them are refused; OWASP ASVS 5, 6.2.4 asks for 3,000.
"""

import re
from pathlib import Path

from shared.keyboard import TO_LATIN, TO_RUSSIAN

# What people all over the world, and Russian ones in particular, take for a secret.
WORDS = Path(__file__).with_name("common_words.txt").read_text(encoding="utf-8").split()
STOLEN = frozenset(Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8").split())
# Keys that lie in a row, and the ways in which fingers go over several.
ROWS = (
    "1234567890",
    "12345678910111213",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1a2b3c4d5e6f7g8h",
    "a1b2c3d4e5f6g7h8",
    "12qwaszx34erdfcv",
    "qazwsxedcrfvtgbyhnujmikolp",
    "qweasdzxc",
    "147258369",
    "147896325",
    "123698745",
    "741852963",
    "159357",
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
    "йфяцычувс",
)
SHORTEST_RUN = 3
# Digits and signs for the letters that they look like.
LOOKALIKES = str.maketrans("@430!15$7", "aaeoiisst")


def runs() -> set[str]:
    """Every stretch of a row, forwards and backwards."""
    ways = [way for row in ROWS for way in (row, row[::-1])]
    return {
        way[start:end] for way in ways for start in range(len(way)) for end in range(start + SHORTEST_RUN, len(way) + 1)
    }


def any_of(pieces: set[str]) -> str:
    return "|".join(sorted(pieces, key=len, reverse=True))


YEAR, MONTH, DAY = "(?:19|20)[0-9]{2}", "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
DATE = f"{DAY}{MONTH}(?:{YEAR}|[0-9]{{2}})|{YEAR}{MONTH}{DAY}"
RUN = f"{any_of(runs())}|{DATE}|{YEAR}"
# Some services keep eight letters of a password, and so do the lists that were stolen from them.
WORD = any_of({*WORDS, *(word[:8] for word in WORDS)})
TAIL = ".?[0-9]{0,4}.?"
COMMON = re.compile(
    rf"(?:{RUN}|[0-9]{{1,4}}|my|the|i|new|old)?(?P<word>{WORD})(?P=word)?(?:{RUN})?{TAIL}"
    rf"|(?:{RUN}|(?P<key>.)(?P=key)+){{1,4}}.?|(?P<piece>.{{1,4}})(?P=piece)+.?"
)
SEPARATORS = re.compile(r"[\s._*#?+=~-]+")


def is_common(password: str, username: str = "") -> bool:
    """Whether it is one of those that are tried first; case, spaces and lookalikes make no difference.

    What the username adds to it counts for nothing.
    """
    plain = SEPARATORS.sub("", password.casefold())
    name = SEPARATORS.sub("", username.casefold())
    plain = plain.replace(name, WORDS[0]) if name else plain
    return any(typed in STOLEN or COMMON.fullmatch(typed) for typed in forms(plain))


def forms(plain: str) -> set[str]:
    """The ways to read it: as it is, backwards, with letters for lookalikes, on the other keyboard."""
    readings = {plain, *map(plain.translate, (LOOKALIKES, TO_RUSSIAN, TO_LATIN))}
    return readings | {reading[::-1] for reading in readings}
