"""What Kinopoisk answers, as far as we use it. Unknown fields are ignored, missing ones are null."""

from typing import Annotated, Any, NamedTuple

import orjson
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.alias_generators import to_camel

from shared.kinopoisk.fields import (
    LARGEST_ID,
    Address,
    AgeLimit,
    Count,
    FilmId,
    Minutes,
    OrEmpty,
    Prose,
    Rating,
    Text,
    Year,
)


class Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class GenreName(Answer):
    genre: Text = None


class CountryName(Answer):
    country: Text = None


class Film(Answer):
    """GET /api/v2.2/films/{id}; an item of a list knows less and calls some of it otherwise."""

    kinopoisk_id: FilmId
    imdb_id: Text = None
    name_ru: Text = None
    name_en: Text = None
    name_original: Text = None
    type: Text = None
    year: Year = None
    film_length: Minutes = None
    genres: Annotated[tuple[GenreName, ...], OrEmpty] = ()
    countries: Annotated[tuple[CountryName, ...], OrEmpty] = ()
    poster_url: Address = None
    poster_url_preview: Address = None
    rating_kinopoisk: Rating = None
    rating_kinopoisk_vote_count: Count = None
    rating_imdb: Rating = None
    rating_imdb_vote_count: Count = None
    rating_age_limits: AgeLimit = None
    slogan: Text = None
    short_description: Prose = None
    description: Prose = None
    completed: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_name_each(cls, item: Any) -> Any:
        return under_film_names(item) if isinstance(item, dict) else item

    @field_validator("completed", mode="before")
    @classmethod
    def _true_or_unknown(cls, value: Any) -> Any:
        return value if isinstance(value, bool) else None


# What lists call otherwise: search-by-keyword, similars, sequels_and_prequels.
LIST_NAMES = {"filmId": "kinopoiskId", "rating": "ratingKinopoisk", "ratingVoteCount": "ratingKinopoiskVoteCount"}


def under_film_names(item: dict[str, Any]) -> dict[str, Any]:
    """The item with the names of films/{id}; some items have both names of the id, with one of them null."""
    named = {name: value for name, value in item.items() if name not in LIST_NAMES}
    for theirs, ours in LIST_NAMES.items():
        if theirs in item and named.get(ours) is None:
            named[ours] = item[theirs]
    return named


class Listed(NamedTuple):
    """A film of a list: what it says, and the item as received, under the names of films/{id}."""

    film: Film
    body: str


def _readable(items: Any) -> Any:
    """One odd item must not hide the others of its page; where all are odd the page is."""
    if not isinstance(items, list):
        return () if items is None else items
    films = tuple(listed for listed in map(_listed_or_none, items) if listed)
    if items and not films:
        raise ValueError("none of the items is a film")
    return films


def _listed_or_none(item: Any) -> Listed | None:
    """Without its description: in lists that was country, director and genre for years."""
    try:
        told = {name: value for name, value in under_film_names(item).items() if name != "description"}
        return Listed(Film.model_validate(told), orjson.dumps(told).decode())
    except (ValidationError, TypeError, AttributeError):  # no film, or text that has no JSON form
        return None


class FoundPage(Answer):
    """A page of search-by-keyword; its `pagesCount` is left out, it is 0 with one hit. Other lists say items, total."""

    films: Annotated[tuple[Listed, ...], BeforeValidator(_readable)] = ()
    # How many items there were, those that are no film among them: a page with fewer than 20 is the last.
    items: int = 0
    total: Count = None

    @model_validator(mode="before")
    @classmethod
    def _one_name_each(cls, page: Any) -> Any:
        if not isinstance(page, dict):
            return page
        films = page.get("films") if page.get("films") is not None else page.get("items")
        items = len(films) if isinstance(films, list) else 0
        return {"films": films, "items": items, "total": page.get("searchFilmsCountResult", page.get("total"))}


class FoundArray(FoundPage):
    """All of a list that comes without a frame: sequels_and_prequels."""

    @model_validator(mode="before")
    @classmethod
    def _framed(cls, items: Any) -> Any:
        return {"items": items}


class Quota(Answer):
    """Calls in a day or in all; -1 is no limit."""

    value: Annotated[int, Field(le=LARGEST_ID)]
    used: Annotated[int, Field(ge=0, le=LARGEST_ID)]


class KeyState(Answer):
    """GET /api/v1/api_keys/{apiKey}."""

    daily_quota: Quota
    total_quota: Quota | None = None

    def limit_and_used(self) -> tuple[int, int]:
        """Of the day, -1 for no limit; a total that ends earlier than the day lowers the limit."""
        limit, used = max(self.daily_quota.value, -1), self.daily_quota.used
        if self.total_quota is None or self.total_quota.value < 0:
            return limit, used
        by_total = used + max(self.total_quota.value - self.total_quota.used, 0)
        return (by_total if limit < 0 else min(limit, by_total)), used
