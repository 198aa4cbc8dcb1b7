"""Promises kept for every record of the registry: written once, held by the fifty-first as by the first."""
