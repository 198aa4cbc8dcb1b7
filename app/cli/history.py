"""``flask panel verify-history``: is the history what was written?"""

import click

from app.cli.panel import panel
from app.extensions import db
from app.kernel.actor import acting, system_actor
from app.kernel.database import read_only
from app.kernel.history import verifying


@panel.command("verify-history")
@click.option("--expect", metavar="NUMBER:HASH", help="A head noted earlier, kept where nobody could alter it.")
def verify_command(expect: str | None) -> None:
    """Reckon the chain of seals again. Ends with 1, and names what does not fit, if anything was tampered with."""
    with acting(system_actor("flask panel verify-history", "cli")), read_only():
        verdict = verifying.verify(db.session, expect)
    click.echo(f"{verdict.seals} seals over {verdict.sealed} entries; {verdict.unsealed} entries are not sealed yet.")
    for fault in verdict.faults:
        click.echo(f"DOES NOT FIT: {fault}", err=True)
    if verdict.faults:
        raise SystemExit(1)
    click.echo(f"The history is as it was written. Head: {verdict.head or 'none'}")
