"""What every answer tells browsers: load nothing, frame nothing, guess nothing (OWASP ASVS 5, V3.4)."""

from starlette.types import Message

CSP = b"content-security-policy"
ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
WITHOUT_PAGE = (*ALWAYS, (CSP, b"default-src 'none'; frame-ancestors 'none'"))


def secure(start: Message, request_id: str) -> None:
    """Adds to the start of an answer, and leaves a page its own Content-Security-Policy."""
    sent = start["headers"]
    own = any(name == CSP for name, _ in sent)
    start["headers"] = [*sent, *(ALWAYS if own else WITHOUT_PAGE), (b"x-request-id", request_id.encode())]
