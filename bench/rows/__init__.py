"""One module a row. Its docstring is what the bench prints about it, `measure` what it does."""
