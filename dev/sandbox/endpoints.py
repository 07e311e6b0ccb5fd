"""What each endpoint of the API answers, and its own limit. Keys, quota, faults and sending are the gate's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from starlette.requests import Request

from dev.sandbox import render
from dev.sandbox.answers import ApiError
from dev.sandbox.fault_answers import Payload
from dev.sandbox.faults import Group
from dev.sandbox.films import Film, load_filters, load_relations
from dev.sandbox.lists import COLLECTIONS, ORDERS, Filters, collection, filtered
from dev.sandbox.params import film_id, name_of, number, one_of, page_number
from dev.sandbox.search import search
from dev.sandbox.state import Sandbox

PAGE = 20
TYPES = ("ALL", "FILM", "TV_SHOW", "TV_SERIES", "MINI_SERIES")


def get_film(sandbox: Sandbox, request: Request) -> Payload:
    return render.film_document(_film(sandbox, request))


def search_films(sandbox: Sandbox, request: Request) -> Payload:
    if (keyword := request.query_params.get("keyword")) is None:
        raise ApiError(400, "Required request parameter 'keyword' is not present")
    page = page_number(request, most=20)
    found = search(sandbox.films, keyword)
    return {
        "keyword": keyword,
        "pagesCount": len(found) // PAGE,  # rounded down, as upstream: 0 for a single film
        "films": [render.search_item(film) for film in _page(found, page)],
        "searchFilmsCountResult": len(found),
    }


def list_films(sandbox: Sandbox, request: Request) -> Payload:
    filters = load_filters()
    wanted = Filters(
        genre=name_of(request, "genres", {entry["id"]: entry["genre"] for entry in filters["genres"]}),
        country=name_of(request, "countries", {entry["id"]: entry["country"] for entry in filters["countries"]}),
        type=one_of(request, "type", TYPES),
        rating=(number(request, "ratingFrom", 0), number(request, "ratingTo", 10)),
        year=(int(number(request, "yearFrom", 1000)), int(number(request, "yearTo", 3000))),
        imdb_id=request.query_params.get("imdbId"),
    )
    order = one_of(request, "order", tuple(ORDERS))
    page = page_number(request, most=20)
    keyword = request.query_params.get("keyword")
    films = sandbox.films if keyword is None else search(sandbox.films, keyword)
    return _listing(filtered(films, wanted, order), page, render.FILTERED_KEYS)


def list_collection(sandbox: Sandbox, request: Request) -> Payload:
    name = one_of(request, "type", tuple(COLLECTIONS))
    page = page_number(request, most=50)
    return _listing(collection(sandbox.films, name), page, render.COLLECTION_KEYS)


def list_filters(sandbox: Sandbox, request: Request) -> Payload:
    return dict(load_filters())


def list_similars(sandbox: Sandbox, request: Request) -> Payload:
    """An unknown film has no similar ones, which is no error."""
    items = [render.related_item(film, "SIMILAR") for film in _related(sandbox, request, "similars")]
    return {"total": len(items), "items": items}


def list_sequels_and_prequels(sandbox: Sandbox, request: Request) -> Payload:
    this = _film(sandbox, request)
    related = _related(sandbox, request, "sequels_and_prequels")
    return [
        render.related_item(film, "PREQUEL" if (film.year or 0) < (this.year or 0) else "SEQUEL") for film in related
    ]


def get_key(sandbox: Sandbox, request: Request) -> Payload:
    options, key = sandbox.options, request.path_params["key"]
    if key not in options.keys:
        raise ApiError(401)
    return {
        "totalQuota": {"value": -1, "used": sandbox.limits.total(key)},
        "dailyQuota": {"value": options.quota, "used": sandbox.limits.used(key, options)},
        "accountType": "UNLIMITED" if options.quota < 0 else "FREE",
    }


def answer_unknown(sandbox: Sandbox, request: Request) -> Payload:
    raise ApiError(404)


def _film(sandbox: Sandbox, request: Request) -> Film:
    if film := sandbox.films.get(film_id(request)):
        return film
    raise ApiError(404)


def _related(sandbox: Sandbox, request: Request, kind: str) -> list[Film]:
    """Relatives whose facts are at hand."""
    ids = load_relations()[kind].get(str(film_id(request)), [])
    return [film for id_ in ids if (film := sandbox.films.get(id_))]


def _page(films: list[Film], page: int) -> list[Film]:
    return films[(page - 1) * PAGE : page * PAGE]


def _listing(films: list[Film], page: int, keys: tuple[str, ...]) -> dict[str, Any]:
    items = [render.list_item(film, keys) for film in _page(films, page)]
    return {"total": len(films), "totalPages": -(-len(films) // PAGE), "items": items}


@dataclass(frozen=True, slots=True)
class Endpoint:
    template: str
    answer: Callable[[Sandbox, Request], Payload]
    limit: Literal["none", "search", "key"] = "none"  # its own, beside the overall rate
    group: Group = "other"


# In the order in which they are tried.
ENDPOINTS = (
    Endpoint("/api/v2.1/films/search-by-keyword", search_films, "search", "search"),
    Endpoint("/api/v2.1/films/{id}/sequels_and_prequels", list_sequels_and_prequels),
    Endpoint("/api/v2.2/films", list_films, "search"),
    Endpoint("/api/v2.2/films/collections", list_collection, "search"),
    Endpoint("/api/v2.2/films/filters", list_filters),
    Endpoint("/api/v2.2/films/{id}", get_film, group="film"),
    Endpoint("/api/v2.2/films/{id}/similars", list_similars),
    Endpoint("/api/v1/api_keys/{key}", get_key, "key"),
    Endpoint("/api/{rest:path}", answer_unknown),
)
