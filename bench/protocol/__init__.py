"""Offline evaluation of recommendations: data, splits, references, metrics."""
