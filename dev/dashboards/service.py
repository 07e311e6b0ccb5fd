"""Are users served: how many requests, how fast, what goes wrong, and is there room."""

from dev.dashboards.names import a_minute, by, counter, mean, named, processes, share, some, timer, top, total, worst
from dev.dashboards.panels import PER_MINUTE, Dashboard, Figure, Panel, Row, getting_worse

# Of the routes that were chosen at the top of the dashboard. A route stands at place 5 of a name, a status at 6.
ROUTES = "http.requests.$route"
ALL = counter(f"{ROUTES}.*")
BROKEN = counter(f"{ROUTES}.5*")
TOOK = "http.duration.$route.*"
BY_STATUS = {"^2": "green", "^3": "blue", "^4": "orange", "^5": "red", "^0": "purple"}

NOW = Row(
    "Now",
    [
        Figure("Requests", "Answers a second, of all processes.", total(ALL), "reqps", decimals=1),
        Figure(
            "Server errors",
            "Share of answers with a status of 500 or more. 503 is said on purpose, while Kinopoisk or PostgreSQL is "
            "away; look below which it is. Anything else is a bug: Sentry has it.",
            share(BROKEN, ALL),
            "percent",
            steps=getting_worse(0.5, 2),
            decimals=2,
        ),
        Figure(
            "Mean duration",
            "Of all requests, whatever they are. Only those that wait for Kinopoisk should take longer than 100 ms.",
            mean(TOOK),
            "ms",
            steps=getting_worse(150, 500),
            decimals=0,
        ),
        Figure(
            "Slowest route, 95 %",
            "Of the route where it is longest: one in twenty of its requests takes longer.",
            worst(timer(TOOK, "upper_95")),
            "ms",
            steps=getting_worse(1000, 5000),
            decimals=0,
        ),
        Figure(
            "Wrong logins",
            "A minute. Some are typing mistakes; a plateau is somebody trying passwords.",
            a_minute(some(counter("commands.login.invalid-credentials"), counter("commands.login.*"))),
            PER_MINUTE,
            steps=getting_worse(10, 60),
            decimals=1,
        ),
        Figure(
            "Processes of the API",
            "That tell of themselves. None: the service is down, or metrics do not arrive.",
            processes(timer("resources.api.cpu", "count")),
            steps=((None, "red"), (0.6, "green")),
            decimals=0,
        ),
    ],
)

REQUESTS = Row(
    "Requests: who asks for what",
    [
        Panel(
            "By route",
            "Answers a second. A fall to nothing of one route is a client that broke, of all an outage.",
            [by(5, ALL)],
            "reqps",
            table=True,
        ),
        Panel(
            "By status",
            "Green is served, orange the client's own doing, red ours. 0 is a client that left before its answer.",
            [by(6, ALL)],
            "reqps",
            stacked=True,
            colours=BY_STATUS,
        ),
    ],
)

DURATION = Row(
    "Duration: how long they wait",
    [
        Panel(
            "Mean, 95 % and 99 %",
            "The two percentiles are of the route where they are longest. If they rise together, something that all "
            "share is slow: look at saturation. If only they rise, one route is.",
            [
                named("mean", mean(TOOK)),
                named("95 %, slowest route", worst(timer(TOOK, "upper_95"))),
                named("99 %, slowest route", worst(timer(TOOK, "upper_99"))),
            ],
            "ms",
        ),
        Panel(
            "95 % by route",
            "Searches and films that are opened may wait for Kinopoisk for seconds; lists, profile and commands take "
            "milliseconds, logins the time of a password hash.",
            [by(5, timer(TOOK, "upper_95"), "max")],
            "ms",
            table=True,
        ),
        Panel(
            "Where time goes",
            "Requests under way at once, on average, by route: rate times duration. The first of them is where an "
            "improvement tells most.",
            [top(8, by(5, f"scale(scaleToSeconds({timer(TOOK, 'sum')},1),0.001)"))],
            "short",
            stacked=True,
            table=True,
        ),
        Panel(
            "Worst single requests",
            "The one request of each interval that took longest.",
            [top(8, by(5, timer(TOOK, "upper"), "max"))],
            "ms",
            table=True,
        ),
    ],
)

REFUSALS = Row(
    "Refusals and logins: what is not served, and why",
    [
        Panel(
            "Refused, by reason",
            "Problems a minute by the code that clients see. `unavailable` and all that begins with `upstream` are "
            "ours or Kinopoisk's; most others are the caller's.",
            [by(5, a_minute(counter("http.refused.*")))],
            PER_MINUTE,
            table=True,
        ),
        Panel(
            "Server errors, by route",
            "A minute. Nothing here is the rule.",
            [top(5, by(5, f"group({a_minute(BROKEN)},scale({ALL},0))"))],
            PER_MINUTE,
            table=True,
        ),
        Panel(
            "Logins and registrations",
            "A minute, by what came of them. `busy` is too many password hashes at once.",
            [f"aliasByNode({a_minute(counter('commands.{login,register}.*'))},4,5)"],
            PER_MINUTE,
        ),
        Panel(
            "Commands",
            "What users change, a minute: favourites added and removed, films hidden, sessions begun and ended. All of "
            "it is acknowledged only when PostgreSQL has it.",
            [by(4, a_minute(counter("commands.*.done")))],
            PER_MINUTE,
        ),
    ],
)

SATURATION = Row(
    "Saturation: is there room",
    [
        Panel(
            "Event loop, lateness",
            "By how much the API's processes come late, at worst. Above 50 ms every request is that much slower: the "
            "processor is full, or something computes where it should wait.",
            [
                named("worst", timer("resources.api.loop_lag", "upper")),
                named("mean", timer("resources.api.loop_lag", "mean")),
            ],
            "ms",
            width=8,
            steps=getting_worse(50, 250),
            limit_shown=True,
        ),
        Panel(
            "Waiting for a connection",
            "Requests that wait for PostgreSQL because all connections of a process are in use, at worst. More than "
            "none for minutes: slow statements, or too small a pool (`postgres.pool_size`).",
            [f"aliasByNode({timer('resources.api.pool.*.waiting', 'upper')},6)"],
            width=8,
            steps=getting_worse(1, 10),
            limit_shown=True,
        ),
        Panel(
            "PostgreSQL and Redis, 95 %",
            "A round trip as the API sees it. Requests make one or two.",
            [
                named("PostgreSQL", timer("resources.api.postgres", "upper_95")),
                named("Redis", timer("resources.api.redis", "upper_95")),
            ],
            "ms",
            width=8,
        ),
    ],
)

DASHBOARD = Dashboard(
    "kinoshelf-service",
    "service",
    "Are users served, how fast, what is refused, and is there room?",
    [NOW, REQUESTS, DURATION, REFUSALS, SATURATION],
    choices={"route": ("Route", "stats.counters.$prefix.http.requests.*")},
)
