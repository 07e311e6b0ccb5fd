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

# Static paths stand before /movies/{kinopoisk_id}.
ROUTERS = (
    accounts.router,
    sessions.router,
    profile.router,
    session_queries.router,
    export.router,
    favourite_commands.router,
    favourite_queries.router,
    hidden_commands.router,
    hidden_queries.router,
    genres.router,
    recommendations.router,
    upstream.router,
    refreshes.router,
    search.router,
    films.router,
    health.router,
)
