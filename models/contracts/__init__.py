"""Contracts: cover in force, its renewal by a linked successor, its lapse."""

from models.contracts import jobs, settings
from models.contracts.contract import Contract

__all__ = ["Contract", "jobs", "settings"]
