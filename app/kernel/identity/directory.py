"""Sign-in through a directory (LDAP): the entry is found by its name, and the password is tried by binding as it."""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ldap3 import BASE, NONE, SUBTREE, Connection, Server, Tls
from ldap3.core.exceptions import LDAPException
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from app.kernel.identity.external import Newcomer
from app.kernel.identity.limits import of_name
from app.schema.errors import Refusal

WAIT = 5
"""Seconds a directory may take to answer."""
AWAY = "The directory does not answer. Try again, or tell your administrator."


class Unreachable(Refusal):
    """The directory does not answer, or not to us."""

    status = 503


@dataclass(frozen=True)
class Directory:
    """A directory and how people stand in it. `url` is ldaps://… or ldap://…, the latter with `start_tls` as a rule.

    People are found below `base` by `filter`, as `bind_dn`; or, without searching, by `user_dn`. Both name the person
    as ``{name}``. `name` is the attribute that is the sign-in name here. Groups below `group_base` that match
    `group_filter` (``{dn}``, ``{name}``) give the `roles` of their DN or common name.
    """

    url: str
    base: str = ""
    filter: str = "(uid={name})"
    user_dn: str = ""
    bind_dn: str = ""
    bind_password: str = field(default="", repr=False)
    name: str = "uid"
    group_base: str = ""
    group_filter: str = "(member={dn})"
    roles: Mapping[str, str] = field(default_factory=dict, hash=False)
    start_tls: bool = True
    ca_file: str = ""

    def person(self, username: str, password: str) -> Newcomer | None:
        """The person of that name, if the password is right. Raises `Unreachable`.

        An empty password is never tried: to a directory it means "nobody in particular", and succeeds.
        """
        if not username or not password:
            return None
        try:
            return self._by_template(username, password) if self.user_dn else self._by_search(username, password)
        except LDAPException:
            raise Unreachable(AWAY) from None

    def _by_search(self, username: str, password: str) -> Newcomer | None:
        with self._connect(self.bind_dn, self.bind_password) as known:
            if not known.bound:
                raise Unreachable(AWAY)
            wanted = self.filter.replace("{name}", escape_filter_chars(username))
            known.search(self.base, wanted, SUBTREE, attributes=self._attributes, size_limit=2)
            found = [entry for entry in known.response or () if entry["type"] == "searchResEntry"]
            if len(found) != 1 or not self._is(found[0], username) or not self._opens(found[0]["dn"], password):
                return None
            return self._newcomer(known, found[0])

    def _by_template(self, username: str, password: str) -> Newcomer | None:
        dn = self.user_dn.replace("{name}", escape_rdn(username))
        with self._connect(dn, password) as own:
            if not own.bound:
                return None
            own.search(dn, "(objectClass=*)", BASE, attributes=self._attributes)
            found = [entry for entry in own.response or () if entry["type"] == "searchResEntry"]
            return self._newcomer(own, found[0]) if len(found) == 1 and self._is(found[0], username) else None

    @property
    def _attributes(self) -> list[str]:
        return [self.name, "givenName", "sn", "cn", "mail", "entryUUID", "objectGUID"]

    def _is(self, entry: Any, username: str) -> bool:
        """Whether an entry is called so by our own rule: a spelling that is counted apart must not open it."""
        return of_name(_first(entry, self.name)) == of_name(username)

    def _opens(self, dn: str, password: str) -> bool:
        with self._connect(dn, password) as own:
            return bool(own.bound)

    def _newcomer(self, connection: Connection, entry: Any) -> Newcomer:
        name, dn = _first(entry, self.name), str(entry["dn"])
        return Newcomer(
            source="ldap",
            subject=_first(entry, "entryUUID") or _first(entry, "objectGUID") or dn.casefold(),
            username=name,
            first_name=_first(entry, "givenName"),
            last_name=_first(entry, "sn") or _first(entry, "cn"),
            email=_first(entry, "mail"),
            roles=self._roles(connection, dn, name),
            managed=frozenset(self.roles.values()),
        )

    def _roles(self, connection: Connection, dn: str, name: str) -> frozenset[str]:
        if not self.roles or not self.group_base:
            return frozenset()
        wanted = self.group_filter.replace("{dn}", escape_filter_chars(dn)).replace("{name}", escape_filter_chars(name))
        connection.search(self.group_base, wanted, SUBTREE, attributes=["cn"])
        groups = [entry for entry in connection.response or () if entry["type"] == "searchResEntry"]
        called = {text.casefold() for group in groups for text in (str(group["dn"]), _first(group, "cn"))}
        return frozenset(role for group, role in self.roles.items() if group.casefold() in called)

    @contextmanager
    def _connect(self, dn: str, password: str) -> Iterator[Connection]:
        """A connection on which a bind was tried; `bound` says whether it worked. TLS comes before any password."""
        trust = Tls(validate=ssl.CERT_REQUIRED, version=ssl.PROTOCOL_TLS_CLIENT, ca_certs_file=self.ca_file or None)
        server = Server(self.url, get_info=NONE, connect_timeout=WAIT, tls=trust)
        connection = Connection(
            server, dn or None, password or None, receive_timeout=WAIT, read_only=True, auto_referrals=False
        )
        try:
            connection.open()
            if self.start_tls and not server.ssl:
                connection.start_tls()
            connection.bind()
            yield connection
        finally:
            connection.unbind()


def _first(entry: Any, attribute: str) -> str:
    value = entry["attributes"].get(attribute)
    value = value[0] if isinstance(value, list) and value else value
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return value.hex()
    return str(value).strip() if value else ""
