"""Problems by which the service protects itself: limits of requests and attempts, and what is wrong before HTTP is."""

from api.errors import Problem


class UnknownHost(Problem):
    status, code, title = 400, "unknown-host", "The service is not known under this name"
    detail = "Send the Host header with a name of api.allowed_hosts."


class CrossOriginRefused(Problem):
    status, code, title = 400, "cross-origin-refused", "Pages from there may not make this call"
    detail = "api.cors_origins names the pages that may; they may send Authorization, Content-Type and X-Request-ID."


class RequestTimeout(Problem):
    status, code, title = 408, "request-timeout", "The request came too slowly"
    detail = "Send it again, in one go."

    def __init__(self) -> None:
        super().__init__()
        self.headers = {"Connection": "close"}


class TooManyRequests(Problem):
    status, code, title = 429, "too-many-requests", "Too many requests in a short time"
    detail = "Retry-After says in how many seconds the next one is answered."


class TooManyAttempts(Problem):
    status, code, title = 429, "too-many-attempts", "Too many attempts to log in or to register"
    detail = "Retry-After says in how many seconds the next one is looked at."


class HeadersTooLarge(Problem):
    status, code, title = 431, "headers-too-large", "The headers are too large"
    detail = "No call of this service needs headers of this size."


class Overloaded(Problem):
    status, code, title = 503, "overloaded", "Too many requests at the same time"
    detail = "Try again in a moment."
