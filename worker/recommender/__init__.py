"""Neighbours of films, made anew from favourites, Kinopoisk's relations and what films are: numpy, asyncpg, no more.

`python -m worker.rebuild recommendations` starts it as a process of its own; nobody else imports it.
"""
