"""Names as local search compares them: one normaliser for what is stored and for what is typed. No SQL here."""

import re
import unicodedata

# A lexeme of PostgreSQL has room for 2046 bytes; no name is longer, and no query may be.
LONGEST = 200

_WORD = re.compile(r"[^\W_]+")
# Accents go, so that ё is е and "Amelie" finds "Amélie"; but й is another letter than и.
_ACCENT = re.compile("(?<!и)[\u0300-\u036f]|[\u0300-\u0305\u0307-\u036f]")


def normalise(text: str) -> str:
    """Letters and digits in lower case without accents; whatever stands between them is one space."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    composed = unicodedata.normalize("NFKC", _ACCENT.sub("", plain))
    return " ".join(_WORD.findall(composed))[:LONGEST].rstrip()


def search_names(name_ru: str | None, name_en: str | None, name_original: str | None) -> str:
    """What is stored: the distinct normalised names, one a line; empty if there is nothing to search for."""
    normal = (normalise(name) for name in (name_ru, name_en, name_original) if name)
    return "\n".join(dict.fromkeys(name for name in normal if name))
