"""What Kinopoisk answers, as far as we use it. Unknown fields are ignored, missing ones are null."""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from shared.kinopoisk.fields import Address, AgeLimit, Count, FilmId, Minutes, OrEmpty, Prose, Rating, Text, Year


class Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", frozen=True)


class GenreName(Answer):
    genre: Text = None


class CountryName(Answer):
    country: Text = None


class AnyFilm(Answer):
    """What a film and an item of a list have in common."""

    kinopoisk_id: FilmId
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

    @model_validator(mode="before")
    @classmethod
    def _either_id(cls, item: Any) -> Any:
        """Lists call it filmId, films kinopoiskId, and some items have both with one of them null."""
        if isinstance(item, dict) and item.get("kinopoiskId") is None:
            return {**item, "kinopoiskId": item.get("filmId")}
        return item


class Film(AnyFilm):
    """GET /api/v2.2/films/{id}."""

    imdb_id: Text = None
    rating_kinopoisk: Rating = None
    rating_kinopoisk_vote_count: Count = None
    rating_imdb: Rating = None
    rating_imdb_vote_count: Count = None
    rating_age_limits: AgeLimit = None
    slogan: Text = None
    short_description: Prose = None
    description: Prose = None


class FoundFilm(AnyFilm):
    """An item of GET /api/v2.1/films/search-by-keyword."""

    rating: Rating = None
    rating_vote_count: Count = None


def _readable(items: Any) -> Any:
    """One odd item must not hide the others of its page; where all are odd the page is."""
    if not isinstance(items, list):
        return [] if items is None else items
    films = [film for film in map(_found_or_none, items) if film]
    if items and not films:
        raise ValueError("none of the items is a film")
    return films


def _found_or_none(item: Any) -> FoundFilm | None:
    try:
        return FoundFilm.model_validate(item)
    except ValidationError:
        return None


class FoundPage(Answer):
    """A page of GET /api/v2.1/films/search-by-keyword; `pagesCount` is left out, it is 0 with one hit."""

    films: Annotated[tuple[FoundFilm, ...], BeforeValidator(_readable)] = ()
    search_films_count_result: Count = None
