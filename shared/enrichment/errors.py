"""What enrichment tells those who wait for an answer."""


class NotNow(Exception):
    """Upstream cannot be asked or could not answer: `code` says why, `retry_after` for how many seconds."""

    def __init__(self, code: str, retry_after: float) -> None:
        super().__init__(code)
        self.code = code
        self.retry_after = retry_after
