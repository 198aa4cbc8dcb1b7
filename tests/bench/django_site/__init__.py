"""A Django project on the panel's database: Django's admin with its own users and sessions; nothing of ours.

Set up as its documentation advises for use: no debugging, templates cached, connections kept, sessions cached. Its own
tables lie in a schema apart on PostgreSQL, and beside the panel's on SQLite.
"""

from collections.abc import Callable
from typing import Any

import django
from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection
from sqlalchemy import make_url

SCHEMA = "bench_django"
USER, PASSWORD = "django", "bench-password-42"
ITS_OWN = ("admin", "auth", "contenttypes", "sessions")


class Site(AppConfig):
    """The one application: contracts, customers, products."""

    name, label, verbose_name = "tests.bench.django_site", "bench", "Bench"


def configure(url: str) -> None:
    """Take up the settings; models may be imported afterwards."""
    processors = ("template.context_processors.request", "contrib.auth.context_processors.auth")
    settings.configure(
        SECRET_KEY="a django project measured, serving nobody",
        DEBUG=False,
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="tests.bench.django_site.urls",
        DATABASES={"default": _database(url)},
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=[
            *(f"django.contrib.{name}" for name in (*ITS_OWN, "messages", "staticfiles")),
            "import_export",
            "tests.bench.django_site.Site",
        ],
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        *(f"django.{name}" for name in processors),
                        "django.contrib.messages.context_processors.messages",
                    ]
                },
            }
        ],
        SESSION_ENGINE="django.contrib.sessions.backends.cached_db",
        # Signing in is not measured.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        # Their tables are made from the models as they are, without a history of migrations.
        MIGRATION_MODULES=dict.fromkeys(ITS_OWN),
        USE_TZ=True,
        TIME_ZONE="Asia/Shanghai",
        STATIC_URL="/static/",
        IMPORT_EXPORT_CHUNK_SIZE=1000,
    )
    django.setup()


def _database(url: str) -> dict[str, Any]:
    parsed = make_url(url)
    kept = {"NAME": parsed.database, "CONN_MAX_AGE": None}
    if parsed.get_backend_name() == "sqlite":
        return kept | {"ENGINE": "django.db.backends.sqlite3", "OPTIONS": {"transaction_mode": "IMMEDIATE"}}
    return kept | {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": parsed.query.get("host", parsed.host or ""),
        "PORT": str(parsed.port or ""),
        "USER": parsed.username or "",
        "PASSWORD": parsed.password or "",
        "OPTIONS": {"options": f"-c search_path={SCHEMA},public"},
    }


def application() -> Callable[..., Any]:
    """The project as a WSGI application, its tables made and its superuser entered."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    call_command("migrate", run_syncdb=True, verbosity=0)
    users = get_user_model().objects
    if not users.filter(username=USER).exists():
        users.create_superuser(USER, "django@example.cn", PASSWORD)
    return get_wsgi_application()
