"""The write side: one transaction, answer at once. Never read tables, never upstream."""
