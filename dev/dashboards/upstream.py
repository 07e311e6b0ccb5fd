"""Do films arrive, and what becomes of the calls that Kinopoisk allows in a day."""

from dev.dashboards.kinopoisk import JOBS, KINOPOISK, SAVINGS
from dev.dashboards.names import a_minute, at_all, by, counter, gauge, mean, named, timer
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

DASHBOARD = Dashboard(
    "kinoshelf-upstream",
    "enrichment and upstream",
    "Do films get their details, what do the day's calls go into, and how is Kinopoisk?",
    [NOW, BUDGET, FRESHNESS, KINOPOISK, SAVINGS, JOBS],
)
