"""The one place that sees every layer: settings in, application out."""

from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

import app.kernel.identity.jobs
import app.kernel.webhooks.telling  # noqa: F401 - tells the subscriptions of what happens
import models  # noqa: F401 - declares every record
import views
from app import cli
from app.extensions import compress, csrf, db, migrate
from app.jobs import cron
from app.kernel import clock, outside, scanning, store, wording
from app.kernel.database import address, engine_options, prepare
from app.kernel.identity.directory import Directory
from app.kernel.identity.sealing import Seal
from app.panel import mount, security
from app.panel.builder import PanelBuilder
from app.panel.identity import provider
from app.panel.routing import LateRule
from app.panel.spoken import Spoken
from app.schema import check
from app.schema.registry import registry
from config import HERE, Settings
from models import demo

TRANSLATIONS = HERE / "app" / "panel" / "translations"
LANGUAGES = {
    "en": {"name": "English"},
    "zh_Hans": {"name": "简体中文"},
    "zh_Hant": {"name": "繁體中文"},
}


def create_app(settings: Settings | None = None) -> Flask:
    """An application from `settings`, else from the environment.

    Raises `UnsafeSetting` in production with an unsafe setting, `DeclarationError` for a model file that
    cannot hold. Touches no table: `flask panel upgrade` brings the database up to date.
    """
    settings = settings or Settings()
    settings.refuse_unsafe()
    clock.set_house_zone(settings.timezone)
    wording.set_languages(settings.language, LANGUAGES, TRANSLATIONS)
    check.run(registry)
    cron.check(registry, clock.house_zone())
    registry.freeze()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    store.set_store(_store(settings))
    scanning.set_scanner(_scanner(settings), fail_open=settings.scan_fail_open)
    outside.set_outside(settings.secret, settings.public_url or f"http://{settings.host}:{settings.port}")
    app = Flask(__name__, root_path=str(Path(__file__).parent / "panel"))
    app.url_rule_class = LateRule
    app.jinja_environment = Spoken
    app.config.update(_flask_config(settings))
    app.extensions["settings"] = settings
    app.extensions["seal"] = Seal(settings.secret)
    app.extensions["directory"] = _directory(settings)
    app.extensions["demo"], app.extensions["demo_sign_ins"] = demo.load, demo.SIGN_INS
    if near := settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=near, x_proto=near, x_host=near)  # type: ignore[method-assign]
    db.init_app(app)
    migrate.init_app(app, db, directory=str(HERE / "migrations"), render_as_batch=True)
    csrf.init_app(app)
    compress.init_app(app)
    with app.app_context():
        prepare(db.engine)
        builder = PanelBuilder(app, db.session, security_manager_class=security.PanelSecurity, indexview=views.Index)
        security.bind_actor(app, db.session)
        provider.register(app, settings)
        mount.mount(app, builder)
        views.mount(app, builder)
    cli.register(app)
    return app


def _store(settings: Settings) -> store.Store:
    """Where files are kept: the bucket named, else a folder."""
    if not settings.files_url:
        return store.Folder(settings.data_dir / "files")
    place = urlsplit(settings.files_url)
    told = ("endpoint", "region", "key_id", "secret", "named", "timeout")
    how = {name: getattr(settings, f"files_{name}") for name in told}
    return store.Bucket(place.netloc, place.path.strip("/"), **how).store()


def _scanner(settings: Settings) -> scanning.Scanner | None:
    """Who looks for viruses, if anybody does."""
    how, _colon, line = settings.scan.partition(":")
    if how == "command":
        return scanning.Command(line.strip(), settings.scan_timeout)
    return scanning.Clamd(settings.scan, settings.scan_timeout) if settings.scan else None


def _directory(settings: Settings) -> Directory | None:
    """The directory people sign in through, if there is one."""
    if not settings.ldap_url:
        return None
    told = settings.model_dump(include={f"ldap_{field.name}" for field in fields(Directory)})
    return Directory(**{name.removeprefix("ldap_"): value for name, value in told.items()})


def _flask_config(settings: Settings) -> dict[str, object]:
    secure = settings.mode == "production" and not settings.insecure_cookies
    url = address(settings.database)
    return {
        "SECRET_KEY": settings.secret,
        "TESTING": settings.mode == "testing",
        "SQLALCHEMY_DATABASE_URI": url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(url),
        "APP_NAME": "Yanxu",
        "FAB_CREATE_DB": False,
        "FAB_UPDATE_PERMS": False,
        "FAB_ADD_SECURITY_API": False,
        "LANGUAGES": LANGUAGES,
        "BABEL_DEFAULT_LOCALE": settings.language,
        "BABEL_DEFAULT_TIMEZONE": settings.timezone,
        "BABEL_TRANSLATION_DIRECTORIES": str(TRANSLATIONS),
        # A browser takes a cookie called __Host-… from this host alone, for all of it, and over TLS only.
        "SESSION_COOKIE_NAME": "__Host-yanxu" if secure else "yanxu",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": secure,
        "MAX_CONTENT_LENGTH": 50 * 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 2 * 1024 * 1024,
        "MAX_FORM_PARTS": 10_000,  # a form that sends files may hold hundreds of lines besides
        "WTF_CSRF_TIME_LIMIT": None,
    }
