"""What is known and accepted: requirements/audit.toml."""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from hashlib import sha1
from pathlib import Path


@dataclass(frozen=True)
class Hole:
    """Without a fix that we could take. Its ids are those of advisories, `*` all of them, none where none was given."""

    package: str
    version: str
    what: str
    reason: str
    ids: Sequence[str] = ()
    shown_by: Sequence[str] = ()

    def covers(self, package: str, version: str, names: set[str]) -> bool:
        """Whether it is this advisory, by any of its names."""
        mine = (package, version) == (self.package, self.version)
        return mine and any(fnmatch(name, known) for known in self.ids for name in names)


@dataclass(frozen=True)
class Accepted:
    """Holes, and the SHA-1 of texts that only look like secrets (detect-secrets tells of a finding no more)."""

    holes: tuple[Hole, ...]
    texts: dict[str, str]

    @classmethod
    def read(cls, file: Path) -> "Accepted":
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        holes = tuple(Hole(**each) for each in content["hole"])
        texts = [text for each in content["no_secret"] if each["reason"] for text in each["texts"]]
        return cls(holes, {sha1(text.encode(), usedforsecurity=False).hexdigest(): text for text in texts})
