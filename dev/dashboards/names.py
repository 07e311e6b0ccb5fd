"""How metrics of docs/metrics.md are called in Graphite, and what is often done with them."""

# The variable of each dashboard that holds the setting statsd.prefix.
PREFIX = "$prefix"


def counter(name: str, figure: str = "rate") -> str:
    """A counter: so many a second, or with "count" so many in an interval."""
    return f"stats.counters.{PREFIX}.{name}.{figure}"


def timer(name: str, figure: str) -> str:
    """A timing or a distribution: "mean", "upper_95", "count"…; the highest stay so, however far one looks."""
    series = f"stats.timers.{PREFIX}.{name}.{figure}"
    return at_all(series) if figure.startswith("upper") else series


def gauge(name: str) -> str:
    return f"stats.gauges.{PREFIX}.{name}"


def total(*series: str) -> str:
    return f"sumSeries({','.join(series)})"


def worst(*series: str) -> str:
    return at_all(f"maxSeries({','.join(series)})")


def by(node: int, series: str, how: str = "sum") -> str:
    """One series for each word at this place of the names, counted from 0, called by that word."""
    grouped = f"groupByNode({series},{node},'{how}')"
    return f"aliasByNode({at_all(grouped)},0)" if how == "max" else grouped


def named(name: str, series: str) -> str:
    return f"alias({series},'{name}')"


def a_minute(series: str) -> str:
    """From a rate a second. Inside of by() and named(), which give the name."""
    return f"scale({series},60)"


def an_hour(series: str) -> str:
    """From a rate a second; what is rare is seen better so."""
    return f"scale(movingAverage({series},'10min'),3600)"


def processes(series: str, every_seconds: int = 5) -> str:
    """What processes tell each so many seconds ("count", "sum"), as if each had told once; without any 0."""
    return f"movingAverage(transformNull(scaleToSeconds({series},{every_seconds}),0),'2min')"


def some(rare: str, usual: str) -> str:
    """What may never have happened: 0 as long as the usual is told, so that a silence of both is no good news."""
    return total(rare, f"scale({usual},0)")


def share(part: str, whole: str) -> str:
    """Percent."""
    return f"asPercent({some(part, whole)},{total(whole)})"


def mean(name: str) -> str:
    """Of all timings of these names, each counted as often as it happened."""
    return f"divideSeries({total(timer(name, 'sum'))},{total(timer(name, 'count'))})"


def top(count: int, series: str) -> str:
    """So many of them, those that matter most."""
    return f"highestAverage({series},{count})"


def at_all(series: str) -> str:
    """The highest of each interval, however far one looks: Graphite shows the average of what lies too close.

    Of a state, 0 or 1, it is whether it was so at any moment.
    """
    return f"consolidateBy({series},'max')"
