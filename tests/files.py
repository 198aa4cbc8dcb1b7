"""What the tests of files share: small files of each type, and sending them by forms and by the API."""

import io
import struct
import zipfile
import zlib

from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.tables import Attachment, AuditEntry

SYSTEM = system_actor("t")
PDF = b"%PDF-1.7 the paper"


def png(width=3, height=2):
    """A picture of so many pixels; only its head is real."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


def docx(extra="word/styles.xml"):
    """A packed Office document."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as packed:
        for name in ("[Content_Types].xml", "word/document.xml", extra):
            packed.writestr(name, "x")
    return kept.getvalue()


JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08\x00\x05\x00\x07\x03" + b"\x00" * 12


def send(client, url, sent, **form):
    """Send a form with files: the bytes by the name of the input, or bytes and file name."""
    data = {"csrf_token": client.csrf, **form}
    for name, given in sent.items():
        body, filename = given if isinstance(given, tuple) else (given, f"{name}.png")
        data[name] = (io.BytesIO(body), filename)
    return client.post(url, data=data, content_type="multipart/form-data")


def api(client, method, url, **body):
    return client.open(f"/api/v1/{url}", method=method, json=body, headers={"X-CSRFToken": client.csrf})


def uploaded(client, body=PDF, filename="a.pdf"):
    """The id of a file sent through the API."""
    form = {"file": (io.BytesIO(body), filename)}
    answer = client.post("/api/v1/files/", data=form, headers={"X-CSRFToken": client.csrf})
    assert answer.status_code == 201, answer.text
    return answer.json["result"]["id"]


def entries(session):
    """Every file there is an entry of."""
    return all_of(session, Attachment)


def all_of(session, table):
    """Every entry of a table as it stands, out of the session's hands; no transaction stays open."""
    with acting(SYSTEM):
        session.rollback()
        session.expunge_all()
        found = list(session.scalars(select(table).order_by(table.id)))
        session.expunge_all()
        session.rollback()
    return found


def version_of(client, url):
    return str(client.get(f"/api/v1/{url}").json["result"]["version"])


def history(session):
    return all_of(session, AuditEntry)
