"""What those who wait for an answer are told."""


class NotNow(Exception):
    """Upstream cannot be asked or could not answer: `code` says why, `retry_after` for how many seconds."""

    def __init__(self, code: str, retry_after: float) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after


QUOTA_EXHAUSTED = "upstream-quota-exhausted"
KEY_REFUSED = "upstream-key-refused"
TOO_FAST = "upstream-too-fast"
UNAVAILABLE = "upstream-unavailable"
BUSY = "upstream-busy"
SHARE_USED = "upstream-share-used"
