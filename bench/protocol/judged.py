"""Figures of the protocol: our lists beside the references, and the references beside what is published of them."""

from pathlib import Path

from bench.figures import Figure
from bench.protocol.events import Data, movietweetings
from bench.protocol.metrics import Values, ratio

# The published ones are rounded to four digits.
ROUNDING = 1.5e-4


def data_in(folder: Path) -> Data | None:
    """MovieTweetings, if it is there."""
    return movietweetings(folder) if (folder / "ratings.dat").exists() else None


def absent(folder: Path) -> list[Figure]:
    return [Figure("MovieTweetings", f"not in {folder}: nothing measured")]


def compared(name: str, ours: Values, theirs: Values, least: float, most: float | None = None) -> Figure:
    """How much better ours are on average; more than `most` would be too good to be true."""
    value, low, high = ratio(ours, theirs)
    measured = f"{value:.3f} [{low:.3f}, {high:.3f}] ({ours.mean():.4f} / {theirs.mean():.4f})"
    target = f"≥ {least:g}" + (f", ≤ {most:g}" if most else "")
    return Figure(name, measured, target, least <= value <= (most or value))


def at_least(name: str, value: float, least: float, said: str = "") -> Figure:
    return Figure(name, f"{value:.4f}{said}", f"≥ {least:g}", value >= least)


def published(name: str, value: float, figure: float) -> Figure:
    """A reference: if it is not what was published, the data or the split are others."""
    return Figure(name, f"{value:.4f}", f"{figure:.4f}", abs(value - figure) < ROUNDING)
