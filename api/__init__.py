"""The HTTP half: commands, queries, lookups. Never imports the worker."""
