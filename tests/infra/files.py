"""A settings file that is good, with a canary in every secret."""

from pathlib import Path

CANARY = "kanarienvogel"
JWT_SECRET = f"{CANARY}-Zr8yq2vTn5W1xKc7Lp0sDf3GhJ6uM9bQ"

GOOD = f"""
[auth]
jwt_keys = [{{ id = "first", secret = "{JWT_SECRET}" }}]
[postgres]
url = "postgresql://kino:{CANARY}@database.test:5432/kino"
[redis]
url = "redis://:{CANARY}@cache.test:6379/0"
[kinopoisk]
api_key = "{CANARY}"
[sentry]
dsn = "https://{CANARY}@sentry.test/1"
"""

# The same, as the environment would say it.
GOOD_ENVIRONMENT = {
    "KINOSHELF__AUTH__JWT_KEYS": f'[{{"id": "first", "secret": "{JWT_SECRET}"}}]',
    "KINOSHELF__POSTGRES__URL": f"postgresql://kino:{CANARY}@database.test:5432/kino",
    "KINOSHELF__REDIS__URL": f"redis://:{CANARY}@cache.test:6379/0",
    "KINOSHELF__KINOPOISK__API_KEY": CANARY,
}


def with_line(section: str, line: str) -> str:
    """The good file with one more line in a section."""
    if f"[{section}]" not in GOOD:
        return f"{GOOD}[{section}]\n{line}\n"
    return GOOD.replace(f"[{section}]", f"[{section}]\n{line}", 1)


def replaced(key: str, value: str) -> str:
    """The good file with another value for a key."""
    lines = [f"{key} = {value}" if line.startswith(f"{key} =") else line for line in GOOD.splitlines()]
    return "\n".join(lines)


def without(key: str) -> str:
    return "\n".join(line for line in GOOD.splitlines() if not line.startswith(f"{key} ="))


def write(folder: Path, text: str | bytes) -> Path:
    file = folder / "settings.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file
