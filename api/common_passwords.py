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
A_WORD, *MORE_WORDS = Path(__file__).with_name("common_words.txt").read_text(encoding="utf-8").split()
# Some services keep eight letters of a password, and so do the lists that were stolen from them.
WORDS = frozenset(kept for word in (A_WORD, *MORE_WORDS) for kept in (word, word[:8]))
LONGEST_WORD = max(map(len, WORDS))
# One text with a line for each: a set of them would take more than ten times as much memory.
STOLEN = "\n" + Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8")
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
# Each in both directions; a run is a stretch of one of them.
WAYS = "\n".join(way for row in ROWS for way in (row, row[::-1]))
SHORTEST_RUN, LONGEST_RUN, MOST_RUNS = 3, max(map(len, ROWS)), 4
YEAR, MONTH, DAY = "(?:19|20)[0-9]{2}", "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
DATE = re.compile(f"{DAY}{MONTH}(?:{YEAR}|[0-9]{{2}})|{YEAR}{MONTH}{DAY}|{YEAR}")
# What stands before a word; a run may, too.
BEFORE = [
    re.compile(before) for before in ("", "[0-9]", "[0-9]{2}", "[0-9]{3}", "[0-9]{4}", "my", "the", "i", "new", "old")
]
TAIL = re.compile(".?[0-9]{0,4}.?")
KEY = re.compile(r"(.)\1+")
SYLLABLES = re.compile(r"(.{1,4})\1+.?")
# Digits and signs for the letters that they look like.
LOOKALIKES = str.maketrans("@430!15$7", "aaeoiisst")
SEPARATORS = re.compile(r"[\s._*#?+=~-]+")


def is_common(password: str, username: str = "") -> bool:
    """Whether it is one of those that are tried first; case, spaces and lookalikes make no difference.

    What the username adds to it counts for nothing.
    """
    typed, name = password.casefold(), SEPARATORS.sub("", username.casefold())
    plain = SEPARATORS.sub("", typed)
    plain = plain.replace(name, A_WORD) if name else plain
    # As it stands, too: of dashes and stars alone nothing would be left.
    return any(f"\n{form}\n" in STOLEN or is_made_by_rule(form) for form in forms(plain) | {typed})


def forms(plain: str) -> set[str]:
    """The ways to read it: as it is, backwards, with letters for lookalikes, on the other keyboard."""
    readings = {plain, *map(plain.translate, (LOOKALIKES, TO_RUSSIAN, TO_LATIN))}
    return readings | {reading[::-1] for reading in readings}


def is_made_by_rule(typed: str) -> bool:
    """Whether it is made of well-known pieces, as they are typed: in lower case, without separators."""
    rests = (typed[length:] for length in {*before_lengths(typed), *run_lengths(typed)})
    return any(map(is_word_and_tail, rests)) or is_runs(typed) or SYLLABLES.fullmatch(typed) is not None


def before_lengths(typed: str) -> list[int]:
    return [found.end() for before in BEFORE if (found := before.match(typed))]


def run_lengths(typed: str) -> list[int]:
    """How long the runs are that it begins with."""
    lengths = range(SHORTEST_RUN, min(len(typed), LONGEST_RUN) + 1)
    return [length for length in lengths if typed[:length] in WAYS or DATE.fullmatch(typed, 0, length)]


def is_word_and_tail(typed: str) -> bool:
    """Whether it is a word, once or twice, perhaps a run, and a tail."""
    for length in range(1, LONGEST_WORD + 1):
        word, rest = typed[:length], typed[length:]
        if word in WORDS and any(map(is_run_and_tail, (rest, rest.removeprefix(word)))):
            return True
    return False


def is_run_and_tail(typed: str) -> bool:
    return any(TAIL.fullmatch(typed, length) for length in (0, *run_lengths(typed)))


def is_runs(typed: str) -> bool:
    """Whether it is a few runs, or one key again and again, in any order, and at most one sign more."""
    reached: set[int] = set()
    starts = {0}
    for _ in range(MOST_RUNS):
        ends = {start + length for start in starts for length in stretch_lengths(typed[start:])}
        starts = ends - reached
        reached |= ends
    return any(len(typed) - end <= 1 for end in reached)


def stretch_lengths(typed: str) -> list[int]:
    same = KEY.match(typed)
    return [*run_lengths(typed), *range(2, same.end() + 1 if same else 0)]
