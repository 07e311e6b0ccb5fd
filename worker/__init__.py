"""The background half: arq as alarm clock, the queue itself in PostgreSQL. Never imports the API."""
