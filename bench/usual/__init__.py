"""The same two calls written the usual way, to compare with: an ORM, a session a request, models for every answer."""
