"""The schema, by side: truth (what users said), work (the durable queue), read (projections)."""

from shared.tables import read, truth, work
from shared.tables.base import metadata

__all__ = ["metadata", "read", "truth", "work"]
