"""Sentry: alarms and unforeseen errors, cleaned of what people sent and of all secrets. Without a DSN nothing at all.

The only module that knows sentry-sdk, and only a process with a DSN imports it. A thread of the SDK's own sends.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from shared.redaction import Redaction

if TYPE_CHECKING:
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

_started = False


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
    _started = True


class _Cleaner:
    """The last hands on everything that leaves."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction

    def event(self, event: "Event", _: "Hint") -> "Event":
        given = dict(event)
        kept = {name: given[name] for name in WRITTEN_BY_US if name in given}
        texts = {name: self._redaction.of(given[name]) for name in TEXTS if name in given}
        return cast("Event", kept | texts)

    def crumb(self, crumb: "Breadcrumb", _: "BreadcrumbHint") -> "Breadcrumb":
        return {name: self._redaction.of(value) for name, value in crumb.items() if name in CRUMB}


def alarm(code: str, message: str) -> None:
    """Somebody has to look: one issue for each code, however often. Returns at once and never raises."""
    if _started:
        with suppress(Exception):
            import sentry_sdk

            sentry_sdk.capture_event(
                {"message": message, "level": "error", "fingerprint": ["kinoshelf", code], "tags": {"code": code}}
            )


def report(error: BaseException) -> None:
    """An exception that nobody foresaw. Returns at once and never raises."""
    if _started:
        with suppress(Exception):
            import sentry_sdk

            sentry_sdk.capture_exception(error)


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
