"""`python -m bench.recommend fit|recommend`: recommendations from files to files, by the code that runs the service."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.offline.csv_files import BadFile, Recommendations, moment, read_liked, read_titles
from bench.offline.fit import Wish, fit
from bench.offline.model_folder import known_films
from bench.offline.serve import serve
from dev.problems import CannotStart
from shared import logs

MOST = 1_000


def fit_files(chosen: argparse.Namespace) -> None:
    """Raises BadFile, CannotStart."""
    titles = read_titles(chosen.films) if chosen.films else {}
    fit(Wish(read_liked(chosen.interactions), titles, chosen.as_of, chosen.franchise_cap), chosen.model)


def recommend_files(chosen: argparse.Namespace) -> None:
    """Raises BadFile, CannotStart."""
    known_films(chosen.model)
    liked = read_liked(chosen.favourites)
    columns = (TextColumn("Users"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with (
        closing(Recommendations(chosen.out)) as lists,
        Progress(*columns, console=console, disable=not console.is_terminal) as progress,
    ):
        bar = progress.add_task("", total=len(liked.user_numbers))
        serve(chosen.model, liked, chosen.n, lists, lambda users: progress.advance(bar, users))


def seconds(text: str) -> float:
    if (value := moment(text)) is None:
        raise argparse.ArgumentTypeError("must be a number, in seconds since 1970")
    return value


def how_many(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= MOST):
        raise argparse.ArgumentTypeError(f"must be a number from 1 to {MOST}")
    return int(text)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser("python -m bench.recommend", description="Recommendations from files to files.")
    commands = made.add_subparsers(required=True)
    fitting = commands.add_parser("fit", help="learn from who liked what, and write a model")
    fitting.set_defaults(run=fit_files)
    fitting.add_argument("--interactions", type=Path, required=True, metavar="FILE", help="CSV: user,film,timestamp")
    fitting.add_argument("--films", type=Path, metavar="FILE", help="CSV: film,title,year,genres (divided by |)")
    fitting.add_argument("--model", type=Path, required=True, metavar="DIR", help="where to write the model")
    fitting.add_argument("--as-of", type=seconds, metavar="UNIX_TIME", help="count the trend of this moment (none)")
    fitting.add_argument(
        "--no-franchise-cap", action="store_false", dest="franchise_cap", help="lists may hold a film and its sequel"
    )
    serving = commands.add_parser("recommend", help="write the list of everybody who has favourites")
    serving.set_defaults(run=recommend_files)
    serving.add_argument("--model", type=Path, required=True, metavar="DIR", help="what `fit` wrote")
    serving.add_argument("--favourites", type=Path, required=True, metavar="FILE", help="CSV: user,film,timestamp")
    serving.add_argument("--n", type=how_many, default=20, help=f"films of a list, 1 to {MOST} (20)")
    serving.add_argument("--out", type=Path, required=True, metavar="FILE", help="CSV: user,rank,film,score,because")
    return made


def main(arguments: Sequence[str]) -> int:
    """0 when it is done; 2 with one sentence for files or arguments that cannot be used, 1 if no server can run."""
    chosen = parser().parse_args(arguments)
    try:
        chosen.run(chosen)
    except BadFile as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    except CannotStart as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    logs.configure("bench", level="warning")
    sys.exit(main(sys.argv[1:]))
