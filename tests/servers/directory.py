"""A real OpenLDAP server (Debian's slapd) on loopback: a child process, a temporary folder, a few people."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from ldap3 import Connection, Server
from ldap3.core.exceptions import LDAPException

from app.setup.system import apt_install
from tests.servers.cluster import NoServer, free_port

BASE = "dc=example,dc=cn"
PANEL, PANEL_PASSWORD = f"cn=panel,{BASE}", "the panel's own 7"
PASSWORD = "wind lamp cable 9"
PEOPLE = {"zhang.wei": ("伟", "张"), "li.na": ("Na", "Li"), "admin": ("Other", "Admin")}
GROUPS = {"claims-team": ("zhang.wei",), "supervisors": ("zhang.wei", "li.na")}

CONFIGURATION = """
include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/inetorgperson.schema
modulepath {modules}
moduleload back_mdb
pidfile {folder}/slapd.pid
{tls}
database mdb
maxsize 67108864
suffix "{base}"
rootdn "{panel}"
rootpw "{password}"
directory {folder}/data
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{panel}" read by users read by * none
"""


@dataclass(frozen=True)
class DirectoryServer:
    """The running server. `url` is plain; with `ca_file` StartTLS may be asked for on it."""

    url: str
    ca_file: str

    def change(self, dn: str, **attributes: object) -> None:
        """Replace attributes of an entry, as its administrators would."""
        with Connection(Server(self.url), PANEL, PANEL_PASSWORD, auto_bind=True) as known:
            assert known.modify(dn, {name: [("MODIFY_REPLACE", values)] for name, values in attributes.items()})


def dn_of(name: str) -> str:
    """The entry of a person."""
    return f"uid={name},ou=people,{BASE}"


@contextmanager
def directory_server() -> Iterator[DirectoryServer]:
    """A server with `PEOPLE` and `GROUPS`; raises `NoServer` where there is no slapd and none may be installed."""
    with TemporaryDirectory(prefix="yanxu-slapd-") as name:
        folder, program = Path(name), _program()
        (folder / "data").mkdir()
        certificate = _certificate(folder)
        port = free_port()
        configuration = folder / "slapd.conf"
        configuration.write_text(
            CONFIGURATION.format(
                schema=_first_folder("/etc/ldap/schema", "/etc/openldap/schema"),
                modules=_first_folder("/usr/lib/ldap", "/usr/lib64/openldap", "/usr/lib/openldap"),
                folder=folder,
                tls=f"TLSCertificateFile {certificate}\nTLSCertificateKeyFile {folder}/key.pem",
                base=BASE,
                panel=PANEL,
                password=PANEL_PASSWORD,
            )
        )
        log = (folder / "log").open("w")
        server = subprocess.Popen(
            [program, "-f", str(configuration), "-h", f"ldap://127.0.0.1:{port}", "-d", "0"], stdout=log, stderr=log
        )
        try:
            running = DirectoryServer(f"ldap://127.0.0.1:{port}", str(certificate))
            _fill(_when_ready(server, running.url, folder / "log"))
            yield running
        finally:
            server.terminate()
            server.wait(timeout=20)
            log.close()


def _program() -> str:
    path = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
    found = shutil.which("slapd", path=path) or (apt_install("slapd") and shutil.which("slapd", path=path))
    if not found:
        raise NoServer("no slapd here: install Debian's package slapd")
    return str(found)


def _first_folder(*names: str) -> str:
    for name in names:
        if Path(name).is_dir():
            return name
    raise NoServer(f"slapd is here, but none of {', '.join(names)}")


def _certificate(folder: Path) -> Path:
    made = folder / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    key = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(folder / "key.pem")]
    command = ["openssl", "req", "-x509", *key, "-days", "2", "-out", str(made), *subject]
    subprocess.run(command, check=True, capture_output=True)
    return made


def _when_ready(server: subprocess.Popen[bytes], url: str, log: Path) -> Connection:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if server.poll() is not None:
            raise NoServer(f"slapd ended at once: {log.read_text()[-500:]}")
        try:
            return Connection(Server(url), PANEL, PANEL_PASSWORD, auto_bind=True)
        except LDAPException:
            time.sleep(0.05)
    raise NoServer(f"slapd did not answer: {log.read_text()[-500:]}")


def _fill(known: Connection) -> None:
    entries: list[tuple[str, str, dict[str, object]]] = [
        (BASE, "domain", {}),
        (f"ou=people,{BASE}", "organizationalUnit", {}),
        (f"ou=groups,{BASE}", "organizationalUnit", {}),
    ]
    for name, (given, family) in PEOPLE.items():
        told = {"givenName": given, "sn": family, "cn": f"{given} {family}", "userPassword": PASSWORD}
        entries.append((dn_of(name), "inetOrgPerson", {**told, "mail": f"{name}@directory.example.cn"}))
    for group, members in GROUPS.items():
        entries.append((f"cn={group},ou=groups,{BASE}", "groupOfNames", {"member": [dn_of(name) for name in members]}))
    with known:
        for dn, kind, attributes in entries:
            assert known.add(dn, kind, attributes), (dn, known.result)
