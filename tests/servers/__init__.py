"""Real servers for the tests: PostgreSQL, SMTP and a Chromium. Nothing here is a fake.

Each is a context manager or a plain function; `conftest.py` makes fixtures of them. What a machine cannot
offer raises `NoServer` (or is none), and `skip_loudly` turns that into a skip nobody overlooks.
"""

from app.setup.browser import find_chromium
from tests.servers.cluster import NoServer
from tests.servers.mail import Mail, MailServer, mail_server
from tests.servers.postgresql import PostgreSQL, postgresql
from tests.servers.skips import report_loud_skips, skip_loudly

__all__ = [
    "Mail",
    "MailServer",
    "NoServer",
    "PostgreSQL",
    "find_chromium",
    "mail_server",
    "postgresql",
    "report_loud_skips",
    "skip_loudly",
]
