"""The scheduler: cron lines tick, the ledger decides what is due, the runner does it. Nothing lost, nothing doubled.

Importing this room declares the engine's own jobs, such as ``notices.send``, ``history.seal`` and ``clocks.tick``,
and the settings of the runner.
"""

from app.jobs import clocks, demonstration, files, runner, sealing, sender, trash

__all__ = ["clocks", "demonstration", "files", "runner", "sealing", "sender", "trash"]
