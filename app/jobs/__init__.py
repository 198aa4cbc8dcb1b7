"""The scheduler: cron lines tick, the ledger decides what is due, the runner does it. Nothing lost, nothing doubled.

Importing this room declares the engine's own job, ``notices.send``.
"""

from app.jobs import sender

__all__ = ["sender"]
