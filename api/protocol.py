"""uvicorn's HTTP protocol with a bound on the head of a request: its parser would keep all that is sent as headers."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# What is read in one piece comes on top: at most 256 KiB.
MOST_HEAD_BYTES = 32_768

TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


class BoundedHttpProtocol(HttpToolsProtocol):
    """Answers 431 and closes where a head goes on beyond the bound."""

    _head_bytes = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        if self._in_head:
            if self._head_bytes > MOST_HEAD_BYTES:
                self.transport.write(TOO_LARGE)
                self.transport.close()
                return
            self._head_bytes += len(data)
        super().data_received(data)

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head, self._head_bytes = True, 0
        super().on_message_complete()
