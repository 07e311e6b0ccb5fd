"""What the processes use, and how far PostgreSQL and Redis are."""

from dev.dashboards.names import named, processes, timer, worst
from dev.dashboards.panels import Dashboard, Figure, Panel, Row, getting_worse

# `api` and `worker` stand at place 4 of a name.


def of_services(name: str, figure: str) -> str:
    return f"aliasByNode({timer(f'resources.*.{name}', figure)},4)"


def summed(name: str, figure: str) -> str:
    """Over the processes of a service, each counted once: they tell more often than once in an interval."""
    return f"aliasByNode({processes(timer(f'resources.*.{name}', figure))},4)"


ALIVE = ((None, "red"), (0.6, "green"))
NOW = Row(
    "Now",
    [
        Figure(
            "Processes of the API",
            "That tell of themselves.",
            processes(timer("resources.api.cpu", "count")),
            steps=ALIVE,
            decimals=0,
        ),
        Figure(
            "Processes of the worker",
            "That tell of themselves. None: films are not fetched, and backlog and business are not known.",
            processes(timer("resources.worker.cpu", "count")),
            steps=ALIVE,
            decimals=0,
        ),
        Figure(
            "Busiest process",
            "Of one core; a process cannot use more than one.",
            worst(timer("resources.*.cpu", "upper")),
            "percent",
            steps=getting_worse(70, 90),
            decimals=0,
        ),
        Figure(
            "Largest process",
            "Resident memory. An API process has some 90 MB, a worker 100 MB; the rebuild is a process of its own.",
            worst(timer("resources.*.memory", "upper")),
            "mbytes",
            steps=getting_worse(250, 400),
            decimals=0,
        ),
        Figure(
            "Slowest PostgreSQL",
            "The slowest round trip of an interval, waiting for a free connection included.",
            worst(timer("resources.*.postgres", "upper")),
            "ms",
            steps=getting_worse(50, 500),
            decimals=1,
        ),
        Figure(
            "Slowest Redis",
            "The slowest round trip of an interval. No data: it is away, and the service goes on without it.",
            worst(timer("resources.*.redis", "upper")),
            "ms",
            steps=getting_worse(50, 250),
            decimals=1,
        ),
    ],
)

PROCESSES = Row(
    "Processes",
    [
        Panel(
            "Processes",
            "How many tell of themselves. A dent is a restart.",
            [summed("cpu", "count")],
            decimals=0,
        ),
        Panel(
            "Processor, all processes",
            "Percent of a core, so 200 % are two cores. On a server of two, 150 % for long is full.",
            [summed("cpu", "sum")],
            "percent",
            stacked=True,
        ),
        Panel(
            "Processor, busiest process",
            "Above 90 % a process is full: start another (`--scale api=N`).",
            [of_services("cpu", "upper")],
            "percent",
            steps=getting_worse(70, 90),
            limit_shown=True,
        ),
        Panel(
            "Event loop, lateness",
            "By how much a process comes late, the worst of each interval. Above 50 ms something computes where it "
            "should wait, or the processor is full.",
            [of_services("loop_lag", "upper")],
            "ms",
            steps=getting_worse(50, 250),
            limit_shown=True,
        ),
        Panel(
            "Memory, all processes",
            "Resident. It rises in the first minutes and then stays; a slope over days is a leak.",
            [summed("memory", "sum")],
            "mbytes",
            stacked=True,
        ),
        Panel(
            "Memory, largest process",
            "Resident.",
            [of_services("memory", "upper")],
            "mbytes",
        ),
        Panel(
            "Open files and sockets, most of a process",
            "Connections of clients, PostgreSQL and Redis among them. A slope that never falls is a leak.",
            [of_services("open_files", "upper")],
            decimals=0,
        ),
        Panel(
            "Metrics that arrive",
            "A second, and those that StatsD could not read. None at all: the service is down, or StatsD.",
            [
                named("arrived", "stats.counters.statsd.metrics_received.rate"),
                named("unreadable", "stats.counters.statsd.bad_lines_seen.rate"),
            ],
            "cps",
        ),
    ],
)

NEIGHBOURS = Row(
    "PostgreSQL and Redis",
    [
        Panel(
            "Connections in use, most of a process",
            "Of `postgres.pool_size` for each pool. At the top for minutes: statements are slow, or the pool is small.",
            [f"aliasByNode({timer('resources.*.pool.*.in_use', 'upper')},4,6)"],
            decimals=0,
        ),
        Panel(
            "Waiting for a connection",
            "Tasks of a process that wait, at worst. After `postgres.pool_timeout_seconds` they are answered 503.",
            [f"aliasByNode({timer('resources.*.pool.*.waiting', 'upper')},4,6)"],
            steps=getting_worse(1, 10),
            limit_shown=True,
            decimals=0,
        ),
        Panel(
            "PostgreSQL, round trip",
            "Half of them take less than the lower lines, one in twenty more than the upper ones.",
            [
                f"aliasByNode({timer('resources.*.postgres', 'upper_50')},4,6)",
                f"aliasByNode({timer('resources.*.postgres', 'upper_95')},4,6)",
            ],
            "ms",
        ),
        Panel(
            "Redis, round trip",
            "After `redis.timeout_seconds` it counts as away; then the line has a gap.",
            [
                f"aliasByNode({timer('resources.*.redis', 'upper_50')},4,6)",
                f"aliasByNode({timer('resources.*.redis', 'upper_95')},4,6)",
            ],
            "ms",
        ),
    ],
)

DASHBOARD = Dashboard(
    "kinoshelf-resources",
    "resources",
    "What do API and worker use, is anything full or leaking, and how far are PostgreSQL and Redis?",
    [NOW, PROCESSES, NEIGHBOURS],
)
