"""Our jobs and imports, run as operations and managers run them."""

from collections.abc import Generator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask

from app.extensions import db
from app.jobs.runner import Runner
from app.kernel.actor import acting
from app.kernel.guard import GuardedSession
from app.kernel.permissions import load_actor
from app.kernel.transfer import load
from app.schema.registry import registry
from tests.bench import asked, cleaning, plain
from tests.bench.incoming import Files
from tests.bench.subject import Absent, Outcome, Subject, Work, task


class OurJobs(Subject):
    """Jobs through the runner: period entered, claimed, worked, noted as done. Imports through the profile."""

    app: Flask

    def _run(self, name: str, due: datetime, leftovers: tuple[str, ...]) -> Generator[Work, Any, Outcome]:
        if name not in registry.jobs:
            raise Absent("not there yet")
        with self.app.app_context():
            engine = db.engine
        runner = Runner(engine, ZoneInfo("Asia/Shanghai"))
        done = yield lambda: runner.run(name, due)
        with engine.connect() as connection:
            found = cleaning.scores(connection) if leftovers is cleaning.APPRAISED else ()
        cleaning.clean(engine, leftovers)
        assert done.error is None, done.error
        return Outcome(rows=sum(count for key, count in done.result.items() if key in ("written", "told")), found=found)

    @task("remind")
    def remind(self) -> Generator[Work, Any, Outcome]:
        """Reminders owed on one day, over all contracts."""
        return (yield from self._run("renewals.remind", asked.REMIND_DUE, cleaning.REMINDED))

    @task("appraise")
    def appraise(self) -> Generator[Work, Any, Outcome]:
        """The appraisals of June, for everybody in a team."""
        return (yield from self._run("appraisal.generate", asked.APPRAISE_DUE, cleaning.APPRAISED))

    @task("import csv")
    def import_csv(self) -> Generator[Work, Any, Outcome]:
        """The file through the profile: read, checked, written, with its history."""
        return (yield from self._import("auto_renewals", Files.of(self.ground.folder.parent).csv))

    @task("import xlsx")
    def import_xlsx(self) -> Generator[Work, Any, Outcome]:
        """The same from a workbook."""
        return (yield from self._import("auto_renewals", Files.of(self.ground.folder.parent).xlsx))

    @task("load csv")
    def load_csv(self) -> Generator[Work, Any, Outcome]:
        """Contracts alone, a line each: read, checked, written, with their history."""
        return (yield from self._import(plain.PROFILE, plain.files(self.ground.folder.parent).csv))

    @task("load xlsx")
    def load_xlsx(self) -> Generator[Work, Any, Outcome]:
        """The same from a workbook."""
        return (yield from self._import(plain.PROFILE, plain.files(self.ground.folder.parent).xlsx))

    def _import(self, profile: str, path: Path) -> Generator[Work, Any, Outcome]:
        with self.app.app_context():
            engine = db.engine
        manager = self.ground.shape.staff + 1

        def work() -> Any:
            with GuardedSession(bind=engine) as session, acting(load_actor(session, manager)):
                outcome = load(session, registry.profiles[profile], path, path.name)
                session.commit()
            return outcome

        done = yield work
        cleaning.clean(engine, cleaning.PLAIN if profile == plain.PROFILE else cleaning.IMPORTED)
        assert not done.refused, f"{done.refused} rows refused: {done.problems[:3]}"
        return Outcome(rows=sum(tally.written for tally in done.records.values()))
