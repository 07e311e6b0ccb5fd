"""Every call of the API, by the module of its noun."""

from api import health
from api.commands import accounts, refreshes, sessions
from api.commands import favourites as favourite_commands
from api.commands import hidden as hidden_commands
from api.lookups import films, search
from api.queries import export, genres, profile, recommendations, upstream
from api.queries import favourites as favourite_queries
from api.queries import hidden as hidden_queries
from api.queries import sessions as session_queries

# What is asked all day comes first, because they are tried one after the other; static paths before
# /movies/{kinopoisk_id}.
ROUTERS = (
    favourite_queries.router,
    favourite_commands.router,
    recommendations.router,
    search.router,
    hidden_queries.router,
    hidden_commands.router,
    refreshes.router,
    films.router,
    profile.router,
    accounts.router,
    sessions.router,
    session_queries.router,
    export.router,
    genres.router,
    upstream.router,
    health.router,
)
