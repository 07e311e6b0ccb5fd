"""Do films arrive, and what becomes of the calls that Kinopoisk allows in a day."""

from dev.dashboards.names import a_minute, at_all, by, counter, gauge, mean, named, share, some, timer, total, worst
from dev.dashboards.panels import PER_MINUTE, Dashboard, Figure, Panel, Row, getting_worse, running_out

OPEN_OR_CLOSED = {0: ("open", "green"), 1: ("closed", "red")}
YES_OR_NO = {0: ("no", "green"), 1: ("yes", "red")}
READY = "enrichment.ready.duration"

NOW = Row(
    "Now",
    [
        Figure(
            "Calls left today",
            "Kinopoisk's own word, less what was used since. At nothing, films wait for the next day and searches are "
            "answered from what is stored.",
            gauge("upstream.budget.left"),
            steps=running_out(20, 100),
            decimals=0,
        ),
        Figure(
            "Gate",
            "Closed: nobody may call Kinopoisk for a while, because it said that the quota is used up, the key is "
            "refused or we are too fast, or because it is broken.",
            at_all(gauge("upstream.gate.closed")),
            words=OPEN_OR_CLOSED,
            steps=getting_worse(0.5, 1),
        ),
        Figure(
            "API key refused",
            "Only somebody who replaces or pays for the key can help.",
            at_all(gauge("upstream.gate.key_refused")),
            words=YES_OR_NO,
            steps=getting_worse(0.5, 1),
        ),
        Figure(
            "Films due",
            "Wanted now and not yet fetched: newly added ones and refreshes.",
            gauge("enrichment.backlog.due"),
            steps=getting_worse(100, 1000),
            decimals=0,
        ),
        Figure(
            "Oldest of them",
            "How long the first of them has been due. Minutes are normal while the budget is used up; hours are not.",
            gauge("enrichment.backlog.oldest_due_seconds"),
            "s",
            steps=getting_worse(600, 14400),
            decimals=0,
        ),
        Figure(
            "Wish to details, mean",
            "Mean time until a film nobody had has its details: what somebody waits who adds one.",
            mean(READY),
            "ms",
            steps=getting_worse(5000, 60000),
            decimals=0,
        ),
    ],
)

BUDGET = Row(
    "Budget: will the calls last the day",
    [
        Panel(
            "Burn-down",
            "Calls left of the day. It falls slowly and jumps back up when Kinopoisk begins a new day; if it touches "
            "nothing much earlier, look at the next picture for who used them.",
            [
                named("left", gauge("upstream.budget.left")),
                named("limit", gauge("upstream.budget.limit")),
                named("used", gauge("upstream.budget.used")),
            ],
            colours={"^left$": "green", "^limit$": "red", "^used$": "blue"},
        ),
        Panel(
            "Used by class",
            "Calls of the last day: for people who wait (`interactive`), for films that were added (`new`), for "
            "refreshes, for the catalogue that is loaded unasked.",
            [f"aliasByNode({gauge('upstream.budget.*.used')},5)"],
            stacked=True,
        ),
        Panel(
            "Left for each class",
            "Each class may call until its ceiling. Refreshes and the catalogue stop first, people who wait last.",
            [f"aliasByNode({gauge('upstream.budget.*.left')},5)"],
        ),
        Panel(
            "Gate and breaker",
            'Red: no call is made. Short closings after "too fast" are harmless; a breaker that opens again and again '
            "is Kinopoisk being down.",
            [
                named("gate closed", at_all(gauge("upstream.gate.closed"))),
                named("key refused", at_all(gauge("upstream.gate.key_refused"))),
                named("breaker open", at_all(gauge("upstream.breaker.open"))),
            ],
            kind="state-timeline",
            words=YES_OR_NO,
        ),
    ],
)

FRESHNESS = Row(
    "Freshness: how long films wait",
    [
        Panel(
            "Backlog",
            "Films without details, and films that are due, refreshes included. Films that wait and are not due have "
            "failed before and are tried again later.",
            [
                named("without details", gauge("enrichment.backlog.waiting")),
                named("due", gauge("enrichment.backlog.due")),
            ],
        ),
        Panel(
            "From wish to details",
            "How long a film that nobody had is waited for. It rises when the budget or the rate is used up, when "
            "Kinopoisk is slow, or when no worker runs.",
            [
                named("mean", mean(READY)),
                named("half", timer(READY, "upper_50")),
                named("95 %", timer(READY, "upper_95")),
                named("worst", timer(READY, "upper")),
            ],
            "ms",
        ),
        Panel(
            "Fetched, by what came of it",
            "Films a minute. `stored` is as it should be; `film-not-found` is a wrong id; the rest is tried again.",
            [by(5, a_minute(counter("enrichment.films.*")))],
            PER_MINUTE,
        ),
        Panel(
            "Refreshes put off",
            "By how much all refreshes are put off to fit the budget: 1 is not at all, 3 that films get three times as "
            "old as they should. Above 3, get a larger plan.",
            [named("stretch", gauge("enrichment.refresh.stretch"))],
            steps=getting_worse(1.5, 3),
            limit_shown=True,
            width=6,
        ),
        Panel(
            "Films to refresh",
            "Films that are kept fresh, and those of them that are due.",
            [named("kept fresh", gauge("enrichment.refresh.films")), named("due", gauge("enrichment.refresh.due"))],
            width=6,
        ),
    ],
)

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
            "A minute, by what came of them: `skipped` had nothing to do, `stopped` was worse than what is in use.",
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

DASHBOARD = Dashboard(
    "kinoshelf-upstream",
    "enrichment and upstream",
    "Do films get their details, what do the day's calls go into, and how is Kinopoisk?",
    [NOW, BUDGET, FRESHNESS, KINOPOISK, SAVINGS, JOBS],
)
