"""A mail server, and what its answers mean: sent, try later, or never."""

import hashlib
import re
import smtplib
import ssl
from dataclasses import dataclass, replace
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, parseaddr
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from app.jobs.carrying import Later, ServerTrouble, Undeliverable
from app.kernel.tables import Notice

TIMEOUT = 20.0
"""Seconds the server may take for any one answer."""
ADDRESS = re.compile(r"[^\s@,;<>()\[\]\\\"]+@[^\s@,;<>()\[\]\\\"]+")


@dataclass(frozen=True)
class Outlet:
    """The mail server of ``YANXU_SMTP_URL`` and the sender of our mails.

    ``smtps://`` speaks TLS from the start; ``smtp://`` turns to TLS when the server offers it, and then believes only
    a certificate that verifies. A password is never sent in the clear, except to this machine itself.
    """

    url: str
    sender: str

    def under(self, name: str) -> Self:
        """The same, with the sender called `name`."""
        return replace(self, sender=formataddr((name, parseaddr(self.sender)[1])))

    def connect(self) -> "Connection":
        """Open and sign in. Raises `ServerTrouble`."""
        address = urlsplit(self.url)
        host = address.hostname or ""
        try:
            if address.scheme not in ("smtp", "smtps") or not host:
                raise ServerTrouble("YANXU_SMTP_URL must read smtp://user:password@host:port or smtps://…")
            if address.scheme == "smtps":
                context = ssl.create_default_context()
                server: smtplib.SMTP = smtplib.SMTP_SSL(host, address.port or 465, timeout=TIMEOUT, context=context)
            else:
                server = smtplib.SMTP(host, address.port or 25, timeout=TIMEOUT)
            try:
                self._introduce(server, host, address.username, address.password, address.scheme == "smtps")
            except BaseException:
                server.close()
                raise
        except (OSError, smtplib.SMTPException, ValueError) as error:
            raise ServerTrouble(f"the mail server {host}: {_words(error)}") from error
        return Connection(server, self.sender)

    @staticmethod
    def _introduce(server: smtplib.SMTP, host: str, user: str | None, password: str | None, secure: bool) -> None:
        server.ehlo()
        if not secure and server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
            server.ehlo()
            secure = True
        if user:
            if not secure and host not in ("localhost", "127.0.0.1", "::1"):
                raise ServerTrouble(f"the mail server {host} offers no TLS: the password is not sent in the clear")
            server.login(unquote(user), unquote(password or ""))


class Connection:
    """An open connection to the mail server, for a batch of mails; a context manager."""

    def __init__(self, server: smtplib.SMTP, sender: str) -> None:
        self._server, self._sender = server, sender

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            self._server.quit()
        except (OSError, smtplib.SMTPException):
            self._server.close()

    def send(self, notice: Notice, to: str) -> None:
        """Hand over one mail. Raises `Undeliverable`, `Later` or `ServerTrouble`."""
        message = compose(notice, to, self._sender)
        try:
            self._server.send_message(message, parseaddr(self._sender)[1], [to])
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise _refused(code, text) from error
        except smtplib.SMTPDataError as error:
            raise _refused(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPNotSupportedError, UnicodeError) as error:
            raise Undeliverable(f"the mail server cannot take this address: {_words(error)}") from error
        except (OSError, smtplib.SMTPException) as error:
            raise ServerTrouble(f"the mail server broke off: {_words(error)}") from error


OUT_OF_ORDER = (500, 502, 503, 504, 521)
"""Final in the words of the protocol, but said of the server itself, not of one mail."""


def _refused(code: int, text: bytes | str) -> Exception:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    if code in OUT_OF_ORDER:
        return ServerTrouble(f"{code} {said}")
    return (Undeliverable if 500 <= code < 600 else Later)(f"{code} {said}")


def _words(error: BaseException) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return f"{error.smtp_code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"
    return str(error) or type(error).__name__


def message_id(key: str, sender: str) -> str:
    """The Message-ID of the notice with that dedupe key: the same each time it is sent."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "localhost"
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{domain}>"


def compose(notice: Notice, to: str, sender: str) -> EmailMessage:
    """The mail of a notice. Raises `Undeliverable` for what is no single address."""
    if not ADDRESS.fullmatch(to):
        raise Undeliverable(f"{to!r} is no e-mail address")
    message = EmailMessage()
    message["From"] = sender
    message["To"] = to
    message["Subject"] = notice.subject
    message["Date"] = format_datetime(notice.created_at)
    message["Message-ID"] = message_id(notice.dedupe_key, sender)
    message["X-Dedupe-Key"] = notice.dedupe_key
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(notice.body)
    return message
