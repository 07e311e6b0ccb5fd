"""The language of texts that people read: Russian or English, by Accept-Language.

An answer that depends on it says so: `Vary="Accept-Language", Content_Language=language`.
"""

import re
from typing import Annotated, Literal, TypeGuard

from fastapi import Depends, Header

Code = Literal["ru", "en"]

# The first one stands where none is asked for, or only others.
LANGUAGES: tuple[Code, ...] = ("ru", "en")

# A language range with its weight (RFC 9110, sections 12.4.2 and 12.5.4); en-GB is English.
_WEIGHT = r"(?:;\s*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*)?"
_RANGE = re.compile(rf"\s*([a-z]{{1,8}}|\*)(?:-[a-z0-9]{{1,8}})*\s*{_WEIGHT}", re.ASCII | re.IGNORECASE)


def language_of(header: str) -> Code:
    """The language that is wanted most, of two alike the one named first. What is no language range is passed over."""
    weights: dict[str, float] = {}
    for part in header.split(","):
        if wanted := _RANGE.fullmatch(part):
            tag, weight = wanted[1].lower(), float(wanted[2] or 1)
            weights[tag] = max(weight, weights.get(tag, 0))

    def weight_of(language: Code) -> float:
        return weights.get(language, weights.get("*", 0))

    best = max([*filter(is_ours, weights), *LANGUAGES], key=weight_of)
    return best if weight_of(best) else LANGUAGES[0]


def is_ours(tag: str) -> TypeGuard[Code]:
    return tag in LANGUAGES


async def language(
    accept_language: Annotated[
        str, Header(description="Russian or English, for texts that people read", examples=["en"])
    ] = "ru",
) -> Code:
    return language_of(accept_language)


Language = Annotated[Code, Depends(language)]
