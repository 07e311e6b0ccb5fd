"""What can go wrong when Kinopoisk is asked.

KinopoiskError
├── FilmUnknown             404: upstream says that there is no such film
├── NoConnection            too many calls under way here; upstream was not asked
├── KinopoiskRefusal        upstream will not answer for a while; nothing is wrong with the film
│   ├── QuotaExhausted      402: the calls of the day, or of the key, are used up
│   ├── TooFast             429: too many calls in a second
│   └── KeyRefused          401, 403: the key is wrong, blocked or missing
└── KinopoiskFault          this call failed; another may succeed
    ├── KinopoiskUnavailable  5xx, HTML, time-out, connection
    └── MalformedAnswer       an answer that is no film, no list or too large
"""


class KinopoiskError(Exception):
    """Base of all; `code` is what is stored and shown, never the exception's text."""

    code = "upstream-unavailable"


class FilmUnknown(KinopoiskError):
    code = "film-not-found"


class NoConnection(KinopoiskError):
    code = "upstream-busy"


class KinopoiskRefusal(KinopoiskError):
    pass


class QuotaExhausted(KinopoiskRefusal):
    code = "upstream-quota-exhausted"


class TooFast(KinopoiskRefusal):
    code = "upstream-too-fast"


class KeyRefused(KinopoiskRefusal):
    code = "upstream-key-refused"


class KinopoiskFault(KinopoiskError):
    pass


class KinopoiskUnavailable(KinopoiskFault):
    pass


class MalformedAnswer(KinopoiskFault):
    code = "upstream-malformed"
