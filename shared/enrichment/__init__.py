"""Claim, fetch, store, project, finish: the only code that writes film_source and film. For worker and lookups."""
