"""Hostile requests: every one is refused, none does harm."""
