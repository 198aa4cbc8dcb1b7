"""``flask jobs``: see the jobs, run one, hold one back, and the worker process itself."""

import json
import logging
import os
import signal
import sys
import threading
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import AppGroup

from app.extensions import db
from app.jobs.messages import message_carriers
from app.jobs.overview import Standing, standings
from app.jobs.runner import Outcome, Runner
from app.jobs.smtp import Outlet
from app.jobs.webhooks import WebhookCarrier
from app.jobs.worker import Worker, worker_name
from app.kernel import ledger
from app.kernel.actor import acting, system_actor
from app.kernel.database import read_only
from app.kernel.ledger import database_now
from app.kernel.tables import JobPeriod
from app.schema.errors import DeclarationError, Refusal
from app.schema.registry import registry

jobs = AppGroup("jobs", help="Scheduled jobs: list, run, pause, resume, retry, and the worker.")


def zone() -> ZoneInfo:
    """The house's clock."""
    return ZoneInfo(current_app.extensions["settings"].timezone)


def runner(worker: str = "command line") -> Runner:
    """A runner on the application's database, with the ways out of the house that are set."""
    settings = current_app.extensions["settings"]
    mail = Outlet(settings.smtp_url, settings.mail_from) if settings.smtp_url else None
    webhooks = WebhookCarrier(db.engine, current_app.extensions["seal"], settings.webhooks_private)
    app: Any = current_app
    info = {
        "mail": mail,
        "messages": message_carriers(settings),
        "webhooks": webhooks,
        "app": app._get_current_object(),
    }
    return Runner(db.engine, zone(), worker, info)


@jobs.command("list")
def list_jobs() -> None:
    """Every job: next run, last run, result, duration, error."""
    head = ("job", "cron", "next run", "last run", "state", "result", "seconds", "error")
    with read_only(), acting(system_actor("flask jobs list", "cli")):
        now = database_now(db.session)
        rows = [head, *(_line(each) for each in standings(db.session, zone(), now))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    for row in rows:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


def _line(each: Standing) -> tuple[str, ...]:
    last = each.last
    counts = (last.result or {}) if last else {}
    result = ", ".join(f"{key} {value}" for key, value in counts.items() if not isinstance(value, dict))
    return (
        each.job.name,
        each.job.cron or "on request",
        _local(each.next_run),
        _local(last.started_at) if last else "",
        "paused" if each.paused else each.word,
        result,
        str(last.seconds) if last and last.seconds is not None else "",
        (last.error or "").splitlines()[0][:80] if last and last.error else "",
    )


def _local(moment: datetime | None) -> str:
    return moment.astimezone(zone()).strftime("%Y-%m-%d %H:%M") if moment else ""


@jobs.command("run")
@click.argument("name")
@click.option("--due", help="ISO time the run is told it was due at; without an offset, on the house's clock.")
def run(name: str, due: str | None) -> None:
    """Run job NAME now, for the period due at --due (else for this minute). Prints one JSON line.

    ``written`` counts what this run wrote, ``stood`` what stood already: a period may be run again without harm.
    """
    _known(name)
    work = runner()
    outcome = work.run(name, _moment(due, work.zone) if due else work.now())
    click.echo(json.dumps(_told(outcome, work.zone), ensure_ascii=False, default=str))
    if outcome.error:
        sys.exit(1)


def _moment(text: str, house: ZoneInfo) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no time; write it as 2011-01-30T08:00", param_hint="--due") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=house)


def _told(outcome: Outcome, house: ZoneInfo) -> dict[str, Any]:
    counts = {"written": 0, "stood": 0} | outcome.result
    failure = {"error": outcome.error} if outcome.error else {}
    due = outcome.due.astimezone(house).isoformat(timespec="minutes")
    known = {"job": outcome.job, "due": due, "period": outcome.period}
    return known | counts | {"seconds": round(outcome.seconds, 3)} | failure


def _known(name: str) -> None:
    try:
        registry.jobs[name]
    except DeclarationError as error:
        raise click.BadParameter(str(error), param_hint="NAME") from None


@jobs.command("pause")
@click.argument("name")
def pause(name: str) -> None:
    """Hold job NAME back. Its periods are written all the same, and made up for in order when it is resumed."""
    _set_paused(name, True)


@jobs.command("resume")
@click.argument("name")
def resume(name: str) -> None:
    """Let job NAME go on, and make up for what was held back."""
    _set_paused(name, False)


def _set_paused(name: str, paused: bool) -> None:
    _known(name)
    with acting(system_actor("flask jobs", "cli")):
        ledger.set_paused(db.session, name, paused, database_now(db.session))
        db.session.commit()
    click.echo(f"{name} is {'paused' if paused else 'running'}")


@jobs.command("retry")
@click.argument("name")
@click.argument("period")
@click.option("--give-up", is_flag=True, help="Leave the period undone for good instead.")
def retry(name: str, period: str, give_up: bool) -> None:
    """Owe the failed PERIOD of job NAME again, or give it up; later periods wait for either."""
    with acting(system_actor("flask jobs retry", "cli")):
        try:
            (ledger.give_up if give_up else ledger.retry)(db.session, name, period)
        except Refusal as refusal:
            failed = db.session.query(JobPeriod.period).filter_by(job=name, status=ledger.Status.FAILED)
            known = ", ".join(each for (each,) in failed) or "none"
            raise click.ClickException(f"{refusal} Failed periods of {name}: {known}") from None
        db.session.commit()
    click.echo(f"{name} {period} is {'given up' if give_up else 'due again'}")


@jobs.command("work")
@click.option("--until-eof", is_flag=True, hidden=True, help="Stop when standard input closes (under flask serve).")
def work(until_eof: bool) -> None:
    """The worker: tick, run what is due, send mail. Runs until SIGTERM or Ctrl-C, then finishes what it is at."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    worker = Worker(runner(worker_name()))
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: worker.stop())
    if until_eof:
        threading.Thread(target=_stop_at_eof, args=(worker,), daemon=True).start()
    worker.run()


def _stop_at_eof(worker: Worker) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    worker.stop()
