"""What every call of the API passes: log, key, quota, rates, faults, and then its endpoint."""

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from dev.sandbox.answers import Answer, ApiError, ok
from dev.sandbox.calls import Call
from dev.sandbox.endpoints import Endpoint
from dev.sandbox.fault_answers import replacement, spoil_body, spoil_payload
from dev.sandbox.faults import REPLACING, Fault
from dev.sandbox.params import whole
from dev.sandbox.state import Sandbox
from dev.sandbox.wire import Wire

KEY_RATE = 2
DRIP_SECONDS = 0.5


class Gate:
    """The ASGI application of one endpoint."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        sandbox: Sandbox = request.app.state.sandbox
        key = request.headers.get("x-api-key", "")
        call = sandbox.calls.begin(self._endpoint.template, whole(request.path_params.get("id", "")), key)
        try:
            await self._answer(sandbox, request, key, call, Wire(request, receive, send, call))
        finally:
            sandbox.calls.end()

    async def _answer(self, sandbox: Sandbox, request: Request, key: str, call: Call, wire: Wire) -> None:
        refusal = self._refusal(sandbox, key)
        delay, fault = sandbox.faults.take(self._endpoint.group, call.film, refused=refusal is not None)
        delay += sandbox.options.latency_ms / 1000
        if delay and await wire.is_left(delay):
            return
        if fault and fault.kind in REPLACING:
            await _send_instead(wire, fault)
        else:
            await _send(wire, refusal or self._good(sandbox, request, fault), fault)

    def _refusal(self, sandbox: Sandbox, key: str) -> Answer | None:
        endpoint, options = self._endpoint, sandbox.options
        is_key = endpoint.limit == "key"
        own_rate = {"none": 0, "search": options.search_rate, "key": KEY_RATE if options.rate else 0}[endpoint.limit]
        bucket = endpoint.template if own_rate else ""
        return sandbox.limits.refusal(key, bucket, own_rate, options, counted=not is_key)

    def _good(self, sandbox: Sandbox, request: Request, fault: Fault | None) -> Answer:
        try:
            payload = self._endpoint.answer(sandbox, request)
        except ApiError as error:
            return error.answer
        if fault is None:
            return ok(payload)
        spoil_payload(fault.kind, payload)
        answer = ok(payload)
        return Answer(answer.status, spoil_body(fault.kind, answer.body))


async def _send(wire: Wire, answer: Answer, fault: Fault | None) -> None:
    match fault.kind if fault else None:
        case "drip":
            assert fault
            await wire.drip(answer, DRIP_SECONDS if fault.seconds is None else fault.seconds)
        case "reset_mid_body":
            await wire.send_half(answer)
        case _:
            await wire.send(answer)


async def _send_instead(wire: Wire, fault: Fault) -> None:
    match fault.kind:
        case "hang":
            await wire.is_left()
        case "drop":
            await wire.drop()
        case _:
            await wire.send(replacement(fault))
