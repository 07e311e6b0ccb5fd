"""The Kinopoisk API Unofficial: their field names, their quirks, their errors. Knows none of our tables."""
