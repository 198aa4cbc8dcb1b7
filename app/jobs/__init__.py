"""The scheduler: cron lines tick, the ledger decides what is due, the runner does it. Nothing lost, nothing doubled.

Importing this room declares the engine's own jobs: ``notices.send``, ``history.seal``, ``clocks.tick``.
"""

from app.jobs import clocks, sealing, sender

__all__ = ["clocks", "sealing", "sender"]
