"""Guards of the figures: nobody is told how another did, nor what comes of fields he or she may not read."""

from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.kernel import measuring
from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day
from app.kernel.tables import Notice
from models.appraisal import MeasureAlert, alerts
from models.appraisal.states import Cut, Over
from models.claims import Claim
from models.renewals import Contact
from tests.factories import make
from tests.promises.guards.world import Controls, World, none, yes
from views import watched


def figures_of_others(world: World) -> list[Any]:
    """Renewals were handed over: the row is one's own now, what was done with it is to a colleague's credit."""
    colleague = world.people["renewal.b"].user_id
    with acting(system_actor("guards")):
        today = house_day(datetime.now(UTC))
        make(world.session, Contact, world.people["renewal"], contacted_on=today, made_by_id=colleague)
        world.session.commit()
    client, address = world.sign_in("renewal"), "/api/v1/measures/contact_volume"
    told = [each for each in client.get(f"{address}?by=person").json["by"] if each["user_id"] == colleague]
    pages = [f"{address}?whose={colleague}", f"{address}/rows?whose={colleague}"]
    pages += [f"/figures/of/contact_volume?whose={colleague}"]
    return told + [page for page in pages if client.get(page).status_code != 404]


def figures_of_hidden_fields(world: World) -> list[Any]:
    """Service sees claims, but not what is set aside for them."""
    client, name = world.sign_in("service"), "loss_ratio_earned"
    pages = [f"/figures/of/{name}", f"/api/v1/measures/{name}", f"/api/v1/measures/{name}/rows"]
    listed = [each["name"] for each in client.get("/api/v1/measures/").json["result"] if each["name"] == name]
    return listed + [page for page in pages if client.get(page).status_code != 404]


def _alert(world: World, today: date) -> int:
    """An alert that tells everybody who works on claims, and two of them with a late one each."""
    with acting(system_actor("guards")):
        for who in ("claims", "claims2"):
            noon = datetime(today.year, today.month, today.day, 4, tzinfo=UTC) - timedelta(days=2)
            decided = {"decided_on": noon.date(), "reported_at": noon - timedelta(days=90)}
            make(world.session, Claim, world.people[who], **decided)
        asked = {"measure": "claims_on_time", "told_role": "claims", "days": Over.LAST_7_DAYS, "threshold": 50}
        alert = make(world.session, MeasureAlert, world.people["manager"], of_whom=Cut.EACH_PERSON, **asked)
        world.session.commit()
        return int(alert.id)


def figures_told_to_others(world: World) -> list[Any]:
    """Each is told of what he or she may see, whoever set the alert."""
    today = house_day(datetime.now(UTC))
    key = _alert(world, today)
    with acting(system_actor("guards")):
        alerts.watch(world.session, today)
        told = select(Notice.body).where(Notice.record == "measure_alert", Notice.record_id == key)
        bodies = world.session.scalars(told.where(Notice.user_id == world.people["claims"].user_id)).all()
        world.session.commit()
    return [body for body in bodies if "Claims2" in body] if bodies else ["nobody was told"]


def alerts_of_others(world: World) -> list[Any]:
    """Service sees claims, but is not told by this alert."""
    key = _alert(world, house_day(datetime.now(UTC)))
    return [] if world.sign_in("service").get(f"/figures/watched/{key}").status_code == 404 else [key]


CONTROLS: Controls = {
    "figures of others": (figures_of_others, lambda patch, world: patch.setattr(measuring, "people", none)),
    "figures of hidden fields": (
        figures_of_hidden_fields,
        lambda patch, world: patch.setattr(measuring, "_looked_at", lambda measure: ()),
    ),
    "figures told to others": (
        figures_told_to_others,
        lambda patch, world: patch.setattr(alerts, "acting", lambda actor: nullcontext()),
    ),
    "alerts of others": (alerts_of_others, lambda patch, world: patch.setattr(watched, "sees", yes)),
}
