"""Guards of the figures: nobody is told how another did, nor what comes of fields he or she may not read."""

from datetime import UTC, datetime
from typing import Any

from app.kernel import measuring
from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day
from models.renewals import Contact
from tests.factories import make
from tests.promises.guards.world import Controls, World, none


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


CONTROLS: Controls = {
    "figures of others": (figures_of_others, lambda patch, world: patch.setattr(measuring, "people", none)),
    "figures of hidden fields": (
        figures_of_hidden_fields,
        lambda patch, world: patch.setattr(measuring, "_looked_at", lambda measure: ()),
    ),
}
