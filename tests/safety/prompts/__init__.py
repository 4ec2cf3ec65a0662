"""Prompts to measure the filter with: one set to tune it on, another, made apart from it, that is only measured."""
