"""The sandbox's settings: what the command line sets first and the control may change later."""

from dataclasses import asdict, dataclass
from typing import Any

from dev.sandbox.checks import NUMBER, at_least, checked

_FIELDS = {
    "keys": (list,),
    "quota": (int,),
    "window_seconds": NUMBER,
    "rate": (int,),
    "search_rate": (int,),
    "latency_ms": NUMBER,
}


@dataclass(slots=True)
class Options:
    keys: tuple[str, ...] = ("sandbox-key",)
    quota: int = 500  # calls of one key in a window; -1: unlimited
    window_seconds: float = 86_400
    rate: int = 20  # calls of one key in a second; 0: unlimited
    search_rate: int = 5  # the same for one search or list endpoint
    latency_ms: float = 0

    def update(self, body: object) -> None:
        """Take over the settings given; all of them or, if one is wrong, none."""
        fields = checked(body, _FIELDS)
        for name, least in (("quota", -1), ("window_seconds", 0), ("rate", 0), ("search_rate", 0), ("latency_ms", 0)):
            at_least(name, fields.get(name, least), least)
        if not all(isinstance(key, str) and key for key in fields.get("keys", ())):
            raise ValueError("keys must be a list of non-empty strings")
        for name, value in fields.items():
            setattr(self, name, tuple(value) if name == "keys" else value)

    def document(self) -> dict[str, Any]:
        return asdict(self)
