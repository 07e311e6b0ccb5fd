"""Sentry: alarms and unforeseen errors, cleaned of what people sent and of all secrets. Without a DSN nothing at all.

The only module that knows sentry-sdk, and only a process with a DSN imports it. A thread of the SDK's own sends.
What each alarm means is in docs/alarms.md.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from traceback import walk_tb
from typing import TYPE_CHECKING, Any, cast

from structlog.contextvars import get_contextvars

from shared.postgres import is_away
from shared.redaction import Redaction
from shared.seldom import Seldom

if TYPE_CHECKING:
    from sentry_sdk import Scope
    from sentry_sdk.types import Breadcrumb, BreadcrumbHint, DataCollectionUserOptions, Event, Hint

FLUSH_SECONDS = 2.0
# Each by name: what is left out would be collected. (The single switch send_default_pii is deprecated.)
NOTHING: "DataCollectionUserOptions" = {
    "user_info": False,
    "cookies": {"mode": "off"},
    "http_headers": {"request": {"mode": "off"}},
    "http_bodies": [],
    "url_query_params": {"mode": "off"},
    "graphql": {"document": False, "variables": False},
    "gen_ai": {"inputs": False, "outputs": False},
    "database_query_data": False,
    "queues": False,
    "stack_frame_variables": False,
    "frame_context_lines": 0,  # the event loop would read them from disk
}
# All that an event keeps: what the SDK itself wrote, and texts, which are cleaned.
WRITTEN_BY_US = (
    "event_id",
    "timestamp",
    "level",
    "platform",
    "release",
    "environment",
    "server_name",
    "sdk",
    "fingerprint",
)
TEXTS = ("message", "logentry", "exception", "breadcrumbs", "tags")
CRUMB = {"type", "category", "level", "timestamp", "message"}
# Of what is bound to a request or a job, as for the log.
BOUND = ("request_id", "job", "kinopoisk_id")
OUR_PACKAGES = {"api", "worker", "shared"}
# They run the statements of others: whose it was is the place.
RUNNERS = {"shared.prepared", "api.identity"}
# The same alarm, or the same error at the same place, is told once in so many seconds by each process.
REPEAT_SECONDS = 60.0

_started = False
_seldom = Seldom(REPEAT_SECONDS)


def start(
    dsn: str | None, service: str, release: str, *, environment: str = "production", secrets: Sequence[str] = ()
) -> None:
    """From now on alarms and reports are sent; the values of `secrets` never are."""
    global _started
    if not dsn:
        return
    import sentry_sdk

    cleaner = _Cleaner(Redaction(secrets))
    sentry_sdk.init(
        dsn,
        release=release,
        environment=environment,
        # They would put in what libraries log, command lines and the environment; we say ourselves what is sent.
        default_integrations=False,
        auto_enabling_integrations=False,
        data_collection=NOTHING,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        before_send=cleaner.event,
        before_breadcrumb=cleaner.crumb,
        auto_session_tracking=False,
        send_client_reports=False,
        enable_backpressure_handling=False,
        spotlight=False,
        debug=False,
    )
    sentry_sdk.get_global_scope().set_tag("service", service)
    _seldom.forget()
    _started = True


class _Cleaner:
    """The last hands on everything that leaves."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction

    def event(self, event: "Event", _: "Hint") -> "Event":
        given = dict(event)
        kept = {name: given[name] for name in WRITTEN_BY_US if name in given}
        texts = {name: self._redaction.of(given[name]) for name in TEXTS if name in given}
        for error in texts.get("exception", {}).get("values", []):
            error["value"] = place_of(error)
        user = {"user": {"id": str(event["user"]["id"])}} if event.get("user", {}).get("id") else {}
        return cast("Event", kept | texts | user)

    def crumb(self, crumb: "Breadcrumb", _: "BreadcrumbHint") -> "Breadcrumb":
        return {name: self._redaction.of(value) for name, value in crumb.items() if name in CRUMB}


def place_of(error: dict[str, Any]) -> str:
    """Where it was raised, in our own code if it passed there: said instead of its text, which may hold anything."""
    frames = (error.get("stacktrace") or {}).get("frames", [])
    ours = [frame for frame in frames if _is_ours(frame.get("module"))]
    for frame in reversed(ours or frames):
        return f"in {frame.get('function')}, {frame.get('filename')}:{frame.get('lineno')}"
    return ""


def alarm(code: str, message: str, **tags: object) -> None:
    """Somebody has to look: one issue for each code, however often. Returns at once and never raises."""
    if _started and _seldom.allows(code):
        with suppress(Exception), _told(tags) as scope:
            scope.capture_event(
                {"message": message, "level": "error", "fingerprint": ["kinoshelf", code], "tags": {"code": code}}
            )


def report(error: BaseException, **tags: object) -> None:
    """An exception that nobody foresaw. Returns at once and never raises."""
    if is_away(error):
        alarm("database-away", "PostgreSQL is away or overloaded", **tags)
    elif _started and _seldom.allows(_kind(error)):
        with suppress(Exception), _told(tags) as scope:
            scope.capture_exception(error)


def _kind(error: BaseException) -> str:
    """What was raised, and where in our own code: a library raises whatever goes wrong with it at one place."""
    steps = list(walk_tb(error.__traceback__))
    ours = [step for step in steps if _is_ours(step[0].f_globals.get("__name__"))]
    places = [f"{frame.f_code.co_filename}:{line}" for frame, line in ours or steps]
    return " ".join([type(error).__qualname__, *places[-1:]])


def _is_ours(module: str | None) -> bool:
    return (module or "").partition(".")[0] in OUR_PACKAGES and module not in RUNNERS


@contextmanager
def _told(tags: dict[str, object]) -> "Iterator[Scope]":
    """With whatever is known of the request or the job; of the user the id and nothing else."""
    import sentry_sdk

    bound = get_contextvars()
    known = {name: bound[name] for name in BOUND if name in bound} | tags
    with sentry_sdk.new_scope() as scope:
        scope.set_tags({name: str(value) for name, value in known.items() if value is not None})
        if "user_id" in bound:
            scope.set_user({"id": bound["user_id"]})
        yield scope


def close() -> None:
    """At the end of a process: wait a little for what is still to be sent, then forget everything."""
    global _started
    if not _started:
        return
    _started = False
    with suppress(Exception):
        import sentry_sdk

        sentry_sdk.get_client().close(FLUSH_SECONDS)
        sentry_sdk.get_global_scope().set_client(None)
        sentry_sdk.get_global_scope().clear()
