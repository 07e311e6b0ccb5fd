"""Known holes in the packages of all locks: pip-audit asks PyPI, and OSV about those that PyPI does not know."""

import json
import re
from dataclasses import dataclass, field
from itertools import groupby, zip_longest
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, NamedTuple

from dev.audit.accepted import Accepted
from dev.audit.tools import ROOT, ToolFailed, run

SERVICES = ("pypi", "osv")
PIN = re.compile(r"^([\w.-]+==[^\s;\\]+)", re.MULTILINE)
MOST_NAMES = 5
HOLES_WERE_FOUND = 1


class Found(NamedTuple):
    """One advisory about one locked package."""

    package: str
    version: str
    names: set[str]
    fixed_in: list[str]


@dataclass
class Answers:
    """What the services told: advisories, how many packages were looked up, and those that no service knew."""

    holes: list[Found] = field(default_factory=list)
    checked: int = 0
    packages: set[str] = field(default_factory=set)


def locks() -> list[Path]:
    return sorted((ROOT / "requirements").glob("*.txt"))


def pinned() -> set[str]:
    return {pin for lock in locks() for pin in PIN.findall(lock.read_text(encoding="utf-8"))}


def rounds(pins: set[str]) -> list[list[str]]:
    """pip-audit wants one version of each package: the first of each, the second of those that have one, …"""
    of_name = groupby(sorted(pins), key=lambda pin: pin.partition("==")[0])
    return [[pin for pin in row if pin] for row in zip_longest(*(list(versions) for _, versions in of_name))]


def look_up() -> Answers:
    """Of the service that knows most packages; the next one is asked only if some are missing."""
    best = Answers(packages=pinned())
    for service in SERVICES:
        try:
            answers = read(ask(service))
        except ToolFailed as error:
            print(f"{service} could not be asked: {error}")
            continue
        if len(answers.packages) < len(best.packages):
            best = answers
        if not best.packages:
            break
    return best


def ask(service: str) -> list[dict[str, Any]]:
    """Each package of all locks, as pip-audit tells of it."""
    told: list[dict[str, Any]] = []
    form = ("--format", "json", "--progress-spinner", "off", "--disable-pip", "--no-deps")
    for pins in rounds(pinned()):
        with NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("\n".join(pins))
            file.flush()
            answer = run("pip_audit", "-s", service, *form, "-r", file.name, ends=(0, HOLES_WERE_FOUND))
        told += json.loads(answer)["dependencies"]
    return told


def read(told: list[dict[str, Any]]) -> Answers:
    """A package that a service skips was not looked up, although pip-audit calls that a success."""
    skipped = {each["name"] for each in told if "skip_reason" in each}
    looked_up = [each for each in told if "skip_reason" not in each]
    holes = [
        Found(each["name"], each["version"], {hole["id"], *hole["aliases"]}, hole["fix_versions"])
        for each in looked_up
        for hole in each["vulns"]
    ]
    return Answers(holes, len(looked_up), skipped)


def report(answers: Answers, accepted: Accepted) -> int:
    """Print what was found; how much of it is not accepted."""
    print(f"Known holes: {answers.checked} packages of {len(locks())} locks looked up.")
    if answers.packages:
        names = ", ".join(sorted(answers.packages)[:MOST_NAMES])
        print(f"  NOT looked up, because no service told of them: {len(answers.packages)} ({names} …)")
        print("  Instead, what is accepted below was held against the versions of the locks, and nothing else.")
    new = [
        each
        for each in answers.holes
        if not any(hole.covers(each.package, each.version, each.names) for hole in accepted.holes)
    ]
    for each in new:
        fixed = ", ".join(each.fixed_in) or "no release"
        print(f"  {each.package} {each.version}: {' '.join(sorted(each.names))}, mended in {fixed}")
    for hole in accepted.holes:
        print(f"  accepted: {hole.package} {hole.version}: {hole.what}. {hole.reason}")
        if f"{hole.package}=={hole.version}" not in pinned():
            print("    This version is locked no more: see whether the hole is still there.")
    return len(new)
