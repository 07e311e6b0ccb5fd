"""All that one sandbox remembers."""

from dataclasses import replace

from dev.sandbox.calls import CallLog
from dev.sandbox.faults import FaultBox
from dev.sandbox.films import Catalogue
from dev.sandbox.options import Options
from dev.sandbox.quota import Limits


class Sandbox:
    def __init__(self, options: Options) -> None:
        self._first_options = replace(options)
        self.options = options
        self.films = Catalogue()
        self.calls = CallLog()
        self.limits = Limits()
        self.faults = FaultBox()

    def forget_calls(self) -> None:
        """No call was ever made: log, counters, quota and rates."""
        self.calls.reset()
        self.limits.reset()

    def reset(self) -> None:
        """Back to how it was started."""
        self.options.update(self._first_options.document() | {"keys": list(self._first_options.keys)})
        self.films.restore()
        self.faults.clear()
        self.forget_calls()
