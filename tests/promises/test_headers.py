"""Every route of the URL map answers with the full set of headers, whoever asks and whatever comes of it."""

from collections import Counter

import pytest

from app.factory import create_app
from app.panel.headers import CONTENT_POLICY
from config import Settings
from tests.promises.test_access import fill

ALWAYS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
WALKED = ("gadget", "renewal")
"""Records whose screens are walked signed in; those of the others come from the same classes."""


@pytest.fixture(params=["sqlite"])
def backend(request):
    """Headers know no database."""
    chosen = request.getfixturevalue(f"{request.param}_backend")
    chosen.reset()
    chosen.app.extensions["actors"].forget()
    return chosen


def lacking(answer, path):
    """The headers an answer lacks, and those that allow too much."""
    wrong = {name for name, value in ALWAYS.items() if answer.headers.get(name) != value}
    if "=(*" in answer.headers.get("Permissions-Policy", "=(*"):
        wrong.add("Permissions-Policy")
    if not path.startswith("/static/") and answer.headers.get("Cache-Control") != "no-store":
        wrong.add("Cache-Control")
    if "Strict-Transport-Security" not in answer.headers:
        wrong.add("Strict-Transport-Security")
    if any(name in answer.headers for name in ("X-Powered-By", "Access-Control-Allow-Origin")):
        wrong.add("tells or allows too much")
    return wrong


def walk(app, client, routes):
    """Ask each route with each of its methods, over TLS; statuses, and what was lacking where."""
    statuses, found = Counter(), {}
    for rule in routes:
        path = fill(rule.rule)
        for method in sorted(rule.methods):
            answer = client.open(path, method=method, base_url="https://localhost", buffered=True)
            statuses[answer.status_code] += 1
            if wrong := lacking(answer, path):
                found[method, path] = wrong
            cookies = answer.headers.getlist("Set-Cookie")
            assert all("HttpOnly" in each and "SameSite=Lax" in each for each in cookies), (method, path)
    return statuses, found


def test_every_route_answers_a_stranger_with_every_header(app):
    routes = list(app.url_map.iter_rules())
    statuses, found = walk(app, app.test_client(), routes)
    assert found == {}
    assert statuses.total() > len(routes) > 300
    assert statuses[303]
    assert statuses[400], "posts without a token"
    assert statuses[401], "the API"
    assert max(statuses) < 500


@pytest.mark.parametrize("username", [pytest.param("admin", marks=pytest.mark.nightly), "manager"])
def test_every_route_answers_who_is_signed_in_with_every_header(app, sign_in, username):
    routes = [
        rule
        for rule in app.url_map.iter_rules()
        if not rule.rule.startswith("/api/") or any(f"/{name}/" in rule.rule for name in WALKED)
        if rule.endpoint.partition(".")[0] in WALKED or "Page" in rule.endpoint or rule.rule.startswith("/api/")
    ]
    statuses, found = walk(app, sign_in(username), routes)
    assert found == {}
    assert statuses[200] > 10
    assert statuses[403], "some are closed to him"
    assert max(statuses) < 500


def test_addresses_that_do_not_exist_too(app, sign_in):
    for client in (app.test_client(), sign_in("sales")):
        for path in ("/nowhere", "/api/v1/nowhere", "/static/nowhere.css", "/gadget/999999"):
            answer = client.get(path, base_url="https://localhost")
            assert lacking(answer, path) == set(), path


def test_over_plain_http_no_browser_is_told_to_use_tls(app):
    assert "Strict-Transport-Security" not in app.test_client().get("/login/").headers


def test_in_production_the_cookie_is_for_this_host_and_tls_alone(tmp_path):
    safe = Settings(
        mode="production",
        secret_key="k" * 32,
        database_url=f"sqlite:///{tmp_path}/y.sqlite3",
        public_url="https://yanxu.example.cn",
        smtp_url="smtp://localhost",
        proxies=1,
        data_dir=tmp_path,
    )
    client = create_app(safe).test_client()
    near = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "yanxu.example.cn", "X-Forwarded-For": "198.51.100.7"}
    answer = client.get("/login/", headers=near)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-yanxu=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
    assert "Domain" not in cookie
    assert "Strict-Transport-Security" in answer.headers, "the proxy says it was TLS"
