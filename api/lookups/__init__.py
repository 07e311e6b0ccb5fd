"""Queries that may have to ask Kinopoisk, through shared.enrichment: details and search."""
