"""A local Kinopoisk API Unofficial over facts of real films: for runs without a key, tests and demos."""
