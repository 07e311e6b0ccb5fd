"""Tests against real servers: PostgreSQL, Valkey, the sandbox over HTTP."""
