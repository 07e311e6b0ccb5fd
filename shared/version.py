"""The version of the service: its API, its releases in Sentry. Written here; a test holds pyproject.toml to it."""

VERSION = "0.1.0"
RELEASE = f"kinoshelf@{VERSION}"
