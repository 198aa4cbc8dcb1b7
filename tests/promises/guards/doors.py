"""Guards of the doors: who gets in at all, where a form leads, and what every answer says to the browser."""

from typing import Any

from tests.department import PASSWORD, csrf_of
from tests.promises.guards.world import Controls, World, none, unchanged
from tests.screens import post


def forged_posts(world: World) -> list[Any]:
    answer = world.sign_in("supervisor").post(f"/gadget/{world.own}/delete", data={"version": "1"})
    return [] if answer.status_code == 400 else [answer.status]


def forged_calls(world: World) -> list[Any]:
    answer = world.sign_in("supervisor").delete(f"/api/v1/gadget/{world.own}")
    return [] if answer.status_code == 400 else [answer.status]


def open_doors(world: World) -> list[Any]:
    answer = world.app.test_client().get("/login/second/")
    return [] if "/login/" in answer.headers.get("Location", "") else [answer.status]


def nameless_calls(world: World) -> list[Any]:
    answer = world.app.test_client().get("/api/v1/gadget/")
    return [] if answer.status_code == 401 else [answer.status]


def closed_records(world: World) -> list[Any]:
    answer = world.sign_in("claims").get("/gadget/")
    return [] if answer.status_code == 403 else [answer.status]


def closed_pages(world: World) -> list[Any]:
    answer = world.sign_in("sales").get("/people/")
    return [] if answer.status_code == 403 else [answer.status]


def wandering(world: World) -> list[Any]:
    client = world.app.test_client()
    form = {"username": "renewal", "password": PASSWORD, "csrf_token": csrf_of(client.get("/login/").text)}
    answer = client.post("/login/", data=form | {"next": "//evil.example"})
    return [answer.location] if "evil" in answer.headers.get("Location", "") else []


def formulas(world: World) -> list[Any]:
    text = post(world.sign_in("manager"), "/gadget/export.csv").text
    return [line for line in text.splitlines() if line.lstrip('"').startswith("=")]


def bare_answers(world: World) -> list[Any]:
    """Answers that let scripts of others run, a stranger frame us, or a cache keep them."""
    wanted = ("Content-Security-Policy", "X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy")
    client = world.sign_in("renewal")
    answers = [client.get(url) for url in ("/gadget/", "/gadget/999999", "/api/v1/gadget/", "/nowhere")]
    answers.append(world.app.test_client().get("/gadget/"))
    missing = [(answer.request.path, name) for answer in answers for name in wanted if name not in answer.headers]
    kept = [answer.request.path for answer in answers if answer.headers.get("Cache-Control") != "no-store"]
    return [*missing, *kept]


def readable_cookies(world: World) -> list[Any]:
    """A cookie that a script may read, or that comes along from another site."""
    client = world.app.test_client()
    form = {"username": "renewal", "password": PASSWORD, "csrf_token": csrf_of(client.get("/login/").text)}
    said = client.post("/login/", data=form).headers.get("Set-Cookie", "")
    return [flag for flag in ("HttpOnly", "SameSite=Lax") if flag not in said]


def opened(patch: Any, world: World) -> None:
    """Every address is as public as the sign-in page."""
    patch.setitem(world.app.extensions, "public", {rule.endpoint for rule in world.app.url_map.iter_rules()})


def unprotected(patch: Any, world: World) -> None:
    """No header is set."""
    hooks = world.app.after_request_funcs
    patch.setitem(hooks, None, [hook for hook in hooks[None] if hook.__module__ != "app.panel.headers"])


def nobody_known(patch: Any, _world: World) -> None:
    patch.setattr("app.panel.answering.NOBODY", object())
    patch.setattr("app.panel.resource.require", none)


CONTROLS: Controls = {
    "a change carries its token": (forged_posts, lambda p, _: p.setattr("app.extensions.csrf.protect", none)),
    "a call by cookie carries its token": (forged_calls, lambda p, _: p.setattr("app.extensions.csrf.protect", none)),
    "every address asks for a sign-in": (open_doors, opened),
    "the API asks for a sign-in": (nameless_calls, nobody_known),
    "screens ask who may read the record": (closed_records, lambda p, _: p.setattr("app.panel.screen.require", none)),
    "pages ask who may open them": (closed_pages, lambda p, _: p.setattr("views.people.PeoplePage.permission", "")),
    "signing in leads to this house": (
        wandering,
        lambda p, _: p.setattr("app.panel.identity.entering.safe_next", unchanged),
    ),
    "no cell of a file is a formula": (formulas, lambda p, _: p.setattr("app.panel.exporting.safe", unchanged)),
    "every answer has its headers": (bare_answers, unprotected),
    "no script reads the cookie": (
        readable_cookies,
        lambda p, world: p.setitem(world.app.config, "SESSION_COOKIE_HTTPONLY", False),
    ),
    "the cookie stays at home": (
        readable_cookies,
        lambda p, world: p.setitem(world.app.config, "SESSION_COOKIE_SAMESITE", None),
    ),
}
