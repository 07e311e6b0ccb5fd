"""How Kinopoisk answers, which calls were spared, and what the worker does by the clock: rows of a dashboard."""

from dev.dashboards.names import a_minute, by, counter, gauge, named, share, some, timer, total, worst
from dev.dashboards.panels import PER_MINUTE, Panel, Row, getting_worse

KINOPOISK = Row(
    "Kinopoisk: how it answers",
    [
        Panel(
            "Calls by endpoint",
            "A minute.",
            [by(5, a_minute(counter("kinopoisk.calls.*.*")))],
            PER_MINUTE,
            table=True,
        ),
        Panel(
            "Duration, 95 %, by endpoint",
            "As a call sees it, retries of a broken connection included. At 10 s it is given up.",
            [f"aliasByNode({timer('kinopoisk.duration.*', 'upper_95')},5)"],
            "ms",
            table=True,
            steps=getting_worse(3000, 10000),
            limit_shown=True,
        ),
        Panel(
            "Outcomes",
            "Calls a minute. Everything but `answered` and `film-not-found` has a cause on Kinopoisk's side or in the "
            "key.",
            [by(6, a_minute(counter("kinopoisk.outcomes.*.*")))],
            PER_MINUTE,
            table=True,
            colours={"^answered$": "green"},
        ),
        Panel(
            "By class and outcome",
            "Calls a minute, for whom they were made and what came of them.",
            [f"aliasByNode({a_minute(counter('upstream.calls.*.*'))},5,6)"],
            PER_MINUTE,
            table=True,
        ),
        Panel(
            "By status",
            "Calls a minute by HTTP status; `none` where no answer came.",
            [by(6, a_minute(counter("kinopoisk.calls.*.*")))],
            PER_MINUTE,
            stacked=True,
            colours={"^2": "green", "^4": "orange", "^5": "red", "none": "purple"},
        ),
        Panel(
            "Under way",
            "Calls at this moment, of all processes; at most `kinopoisk.calls_at_once`.",
            [named("under way", gauge("upstream.budget.under_way"))],
        ),
    ],
)

SAVINGS = Row(
    "Caches and catalogue: which calls were spared",
    [
        Panel(
            "Answered from a cache",
            "Share of looks. It falls after a restart of Redis, and recovers by itself.",
            [
                named("searches", share(counter("cache.search.{hit,old}"), counter("cache.search.*"))),
                named(
                    "recommendations", share(counter("cache.recommendations.hit"), counter("cache.recommendations.*"))
                ),
            ],
            "percent",
        ),
        Panel(
            "Searches by source",
            "A minute. `local` is answered from stored films, because Kinopoisk cannot be asked.",
            [by(5, a_minute(counter("search.answered.*")))],
            PER_MINUTE,
            stacked=True,
        ),
        Panel(
            "Catalogue",
            "What is loaded unasked, calls a minute: pages of collections, similar films and sequels, details.",
            [by(4, a_minute(counter("catalogue.*")))],
            PER_MINUTE,
        ),
        Panel(
            "Redis away",
            "How often a minute it did not answer in time. The service goes on without it, at a lower rate of calls.",
            [named("away", a_minute(some(counter("redis.away"), counter("cache.*.*"))))],
            PER_MINUTE,
            steps=getting_worse(1, 5),
            limit_shown=True,
        ),
    ],
)

JOBS = Row(
    "Jobs of the worker",
    [
        Panel(
            "Runs",
            "A minute, of all jobs. A worker that stands still runs none.",
            [
                named("done", a_minute(total(counter("jobs.*.done")))),
                named("failed", a_minute(some(counter("jobs.*.failed"), counter("jobs.*.done")))),
                named("begun again", a_minute(some(counter("jobs.*.retried"), counter("jobs.*.done")))),
            ],
            PER_MINUTE,
            colours={"^done$": "green", "^failed$": "red", "^begun": "orange"},
            width=8,
        ),
        Panel(
            "Duration, worst",
            "Of each job. One that takes more than 50 s is stopped, and goes on the next time.",
            [f"aliasByNode({timer('jobs.*.duration', 'upper')},4)"],
            "ms",
            table=True,
            width=16,
        ),
        Panel(
            "Rebuilds of the recommendations",
            "A minute, by what came of them: `skipped` had nothing to do, `stopped` ended together with its worker.",
            [by(5, a_minute(counter("recommender.rebuild.*")))],
            PER_MINUTE,
            width=8,
        ),
        Panel(
            "Duration of a rebuild",
            "It grows with people and films: about a minute with 100,000 people.",
            [named("worst", worst(timer("recommender.rebuild.duration", "upper")))],
            "ms",
            width=16,
        ),
    ],
)
