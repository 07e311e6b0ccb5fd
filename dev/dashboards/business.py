"""Is the service used, and do people like what it recommends."""

from dev.dashboards.names import an_hour, by, counter, gauge, named, share, total
from dev.dashboards.panels import PER_HOUR, Dashboard, Figure, Panel, Row

ROUTE = "http.requests"
SHOWN, CHOSEN = "recommendations.shown.{personal,genre,popular}", "recommendations.chosen.*"
RANKS = by(6, an_hour(counter("recommendations.shown.rank.*")))


def events(*commands: tuple[str, str]) -> list[str]:
    return [named(name, an_hour(total(counter(command)))) for name, command in commands]


def chosen(those: str, shown: str) -> str:
    """Of the last minutes: what is chosen was shown some time before."""
    return share(an_hour(counter(those)), an_hour(counter(shown)))


NOW = Row(
    "Now",
    [
        Figure("Users", "Accounts.", gauge("business.users"), decimals=0),
        Figure("Favourites", "Of all users.", gauge("business.favourites"), decimals=0),
        Figure(
            "Favourites of a user",
            "On average. Recommendations become personal from the first, and good from about five.",
            f"divideSeries({gauge('business.favourites')},{gauge('business.users')})",
            decimals=1,
        ),
        Figure("Films with details", "Stored here.", gauge("business.films.full"), decimals=0),
        Figure(
            "Recommendations chosen",
            "Share of the films shown that were added to favourites within a day. Most lists are only looked at: a few "
            "percent are much.",
            chosen(CHOSEN, SHOWN),
            "percent",
            decimals=1,
        ),
        Figure("Films hidden", "From recommendations, by anybody.", gauge("business.hidden_films"), decimals=0),
    ],
)

PEOPLE = Row(
    "People",
    [
        Panel(
            "Users over time",
            "Accounts. It falls when somebody deletes theirs.",
            [named("users", gauge("business.users"))],
        ),
        Panel(
            "Registrations and logins",
            "An hour. Clients stay logged in for a month, so logins are fewer than visits.",
            events(("registered", "commands.register.done"), ("logged in", "commands.login.done")),
            PER_HOUR,
        ),
        Panel(
            "Favourites over time",
            "Of all users, and films hidden from recommendations.",
            [named("favourites", gauge("business.favourites")), named("hidden", gauge("business.hidden_films"))],
        ),
        Panel(
            "Added, removed, hidden",
            "An hour.",
            events(
                ("added", "commands.add_favourite.done"),
                ("removed", "commands.remove_favourite.done"),
                ("hidden", "commands.hide_film.done"),
            ),
            PER_HOUR,
        ),
    ],
)

FILMS = Row(
    "Films",
    [
        Panel(
            "Films that most people have",
            "Favourites of the ten films, first to tenth place.",
            [f"aliasByNode(sortByName({gauge('business.top.*.favourites')},natural=True),5)"],
            kind="bargauge",
            width=8,
            decimals=0,
        ),
        Panel(
            "Which films these are",
            "Kinopoisk's ids, first to tenth place; click one to see the film.",
            [f"aliasByNode(sortByName({gauge('business.top.*.film')},natural=True),5)"],
            "none",
            kind="stat",
            width=8,
            decimals=0,
            link=("Film on kinopoisk.ru", "https://www.kinopoisk.ru/film/${__value.raw}/"),
        ),
        Panel(
            "Films stored",
            "With details, and as the summary that a list gave.",
            [f"aliasByNode({gauge('business.films.*')},5)"],
            stacked=True,
            width=8,
        ),
        Panel(
            "What people do",
            "An hour: searches, films opened, lists of favourites and of recommendations looked at.",
            events(
                ("searches", f"{ROUTE}.GET_movies_search.200"),
                ("films opened", f"{ROUTE}.GET_movies_kinopoisk_id.200"),
                ("favourites listed", f"{ROUTE}.GET_movies_favorites.200"),
                ("recommendations", f"{ROUTE}.GET_recommendations.200"),
            ),
            PER_HOUR,
            width=24,
        ),
    ],
)

RECOMMENDATIONS = Row(
    "Recommendations: shown and chosen",
    [
        Panel(
            "Films shown, by strategy",
            "An hour. `personal` comes from somebody's favourites, `genre` and `popular` from what most like.",
            [by(5, an_hour(counter(SHOWN)))],
            PER_HOUR,
            stacked=True,
        ),
        Panel(
            "Films chosen, by strategy",
            "An hour: added to favourites within a day of being shown.",
            [by(5, an_hour(counter(CHOSEN)))],
            PER_HOUR,
            stacked=True,
        ),
        Panel(
            "Share chosen, by strategy",
            "Percent of the films shown. `personal` above `popular` says that the recommender earns its keep; if they "
            "meet, look at the age of the last rebuild.",
            [
                named(how, chosen(f"recommendations.chosen.{how}", f"recommendations.shown.{how}"))
                for how in ("personal", "genre", "popular")
            ],
            "percent",
        ),
        Panel(
            "Shown at each place",
            "An hour, first to tenth place of a list: how far down people ask.",
            [f"sortByName({RANKS},natural=True)"],
            PER_HOUR,
        ),
    ],
)

DASHBOARD = Dashboard(
    "kinoshelf-business",
    "business",
    "Is the service used, for which films, and do people choose what it recommends?",
    [NOW, PEOPLE, FILMS, RECOMMENDATIONS],
)
