"""The servers of the tests are real, and come and go cleanly."""

import os
import shutil
import smtplib
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from sqlalchemy import create_engine, text

from app.setup import browser
from tests.servers import (
    MailServer,
    NoServer,
    PostgreSQL,
    find_chromium,
    mail_server,
    postgresql,
    skip_loudly,
)
from tests.servers import cluster as clusters
from tests.servers.rewind import Rewind

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with postgresql() as running:
        yield running


@pytest.fixture
def mailbox() -> Iterator[MailServer]:
    with mail_server() as running:
        yield running


def query(url: str, statement: str) -> object:
    engine = create_engine(url)
    try:
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return result.scalar() if result.returns_rows else None
    finally:
        engine.dispose()


def is_up(url: str) -> bool:
    try:
        return query(url, "SELECT 1") == 1
    except Exception:  # whatever the driver says, it is not up
        return False


class TestPostgreSQL:
    @pytest.mark.parametrize("binaries", clusters.installations(), ids=str)
    def test_every_installation_on_this_machine_starts_as_whoever_we_are(self, binaries: Path) -> None:
        with postgresql(binaries) as apart:
            assert query(apart.url, "SELECT current_setting('server_encoding')") == "UTF8"
            assert query(apart.url, "SELECT '延' ~ '[[:alpha:]]'") is True
        assert not is_up(apart.url)

    def test_the_packaged_server_starts_from_a_folder_closed_to_others(self, tmp_path: Path) -> None:
        [installation, *_] = [binaries.parent for binaries in clusters.wheel_installations()]
        package = installation.parent
        for source in (installation, package.with_name(f"{package.name}.libs")):
            shutil.copytree(source, tmp_path / source.relative_to(package.parent))
        tmp_path.chmod(0o700)
        with postgresql(tmp_path / package.name / installation.name / "bin") as apart:
            assert is_up(apart.url)

    def test_an_installation_that_fails_gives_way_to_the_next(self, tmp_path: Path) -> None:
        broken = tmp_path / "broken"
        broken.mkdir()
        for name in clusters.PROGRAMS:
            (broken / name).write_text("#!/bin/sh\nexit 1\n")
            (broken / name).chmod(0o755)
        shared = clusters.Cluster("fallback", [broken, *clusters.installations()])
        shared.join()
        try:
            assert is_up(shared.url)
        finally:
            shared.leave()

    def test_none_that_starts_is_said_with_its_reason(self, tmp_path: Path) -> None:
        with pytest.raises(NoServer, match=str(tmp_path)):
            clusters.Cluster("none", [tmp_path / "empty"]).join()

    def test_one_cluster_serves_a_run_until_the_last_user_leaves(self) -> None:
        first, second = (clusters.Cluster("together", clusters.installations()) for _ in range(2))
        first.join()
        second.join()
        assert first.url == second.url
        first.leave()
        assert is_up(second.url)
        url = second.url
        second.leave()
        assert not is_up(url)
        assert not second.folder.exists()

    @pytest.mark.nightly
    def test_a_cluster_left_by_a_killed_run_is_removed_by_the_next(self) -> None:
        script = (
            "import os, signal, sys\n"
            "from tests.servers.cluster import Cluster, installations\n"
            "cluster = Cluster('killed', installations()); cluster.join()\n"
            "print(cluster.url, flush=True); os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
        left = done.stdout.strip()
        assert is_up(left)
        with postgresql(clusters.installations()[0]):
            assert not is_up(left)

    def test_a_database_lives_as_long_as_its_block(self, server: PostgreSQL) -> None:
        with server.database() as url:
            query(url, "CREATE TABLE policy (number text)")
            abandoned = create_engine(url).connect()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url.replace("+psycopg", ""))
        with pytest.raises(Exception, match=r"terminat|clos"):
            abandoned.execute(text("SELECT 1"))

    def test_a_template_is_filled_once_and_copied_whole(self, server: PostgreSQL) -> None:
        filled = []

        def fill(url: str) -> None:
            filled.append(url)
            query(url, "CREATE TABLE policy AS SELECT 'P-1' AS number")

        names = [server.template("policies", fill) for _ in range(2)]
        with server.database(names[0]) as one, server.database(names[1]) as other:
            query(one, "DELETE FROM policy")
            assert query(other, "SELECT count(*) FROM policy") == 1
        assert len(filled) == 1

    def test_a_template_that_fails_to_fill_leaves_nothing(self, server: PostgreSQL) -> None:
        def fail(url: str) -> None:
            raise ValueError("no migration today")

        with pytest.raises(ValueError, match="no migration today"):
            server.template("broken", fail)
        assert server.template("broken", lambda url: None)

    def test_a_given_server_is_used_and_left_as_it_was(
        self, server: PostgreSQL, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("YANXU_TEST_DATABASE_URL", server.url)
        with postgresql() as given:
            assert given.url == server.url
            url = given.create("yanxu_given")
            assert is_up(url)
        assert is_up(server.url)
        assert not is_up(url)

    def test_no_server_at_all_is_said(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("YANXU_TEST_DATABASE_URL", raising=False)
        monkeypatch.setattr(sys.modules["tests.servers.postgresql"], "installations", list)
        with pytest.raises(NoServer, match="YANXU_TEST_DATABASE_URL"), postgresql():
            pass


class TestMail:
    def mail(self, subject: str) -> EmailMessage:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "desk@example.com", "wang@example.com", subject
        message.set_content("您的保单即将到期\n")
        return message

    def test_a_mail_arrives_as_it_was_sent(self, mailbox: MailServer) -> None:
        address = urlsplit(mailbox.url)
        with smtplib.SMTP(address.hostname or "", address.port or 0) as client:
            client.send_message(self.mail("续保提醒"))
        [mail] = mailbox.wait_for(1)
        assert (mail.sender, mail.recipients) == ("desk@example.com", ("wang@example.com",))
        assert mail.message["Subject"] == "续保提醒"
        assert mail.text == "您的保单即将到期\n"

    def test_another_process_can_send(self, mailbox: MailServer) -> None:
        script = (
            "import smtplib, sys\n"
            "with smtplib.SMTP('127.0.0.1', int(sys.argv[1])) as client:\n"
            "    client.sendmail('a@example.com', ['b@example.com'], 'Subject: from afar\\n\\nhello')\n"
        )
        subprocess.run([sys.executable, "-c", script, str(urlsplit(mailbox.url).port)], check=True)
        assert mailbox.wait_for(1)[0].message["Subject"] == "from afar"

    def test_a_refusal_is_given_once_and_keeps_nothing(self, mailbox: MailServer) -> None:
        mailbox.answers = ["451 4.3.0 try again later"]
        address = urlsplit(mailbox.url)
        with smtplib.SMTP(address.hostname or "", address.port or 0) as client:
            with pytest.raises(smtplib.SMTPDataError, match="try again later"):
                client.send_message(self.mail("first"))
            assert mailbox.received == []
            client.send_message(self.mail("second"))
        assert [mail.message["Subject"] for mail in mailbox.wait_for(1)] == ["second"]

    def test_waiting_in_vain_ends(self, mailbox: MailServer) -> None:
        with pytest.raises(AssertionError, match="0 of 1 mails"):
            mailbox.wait_for(1, timeout=0.05)


class TestChromium:
    @pytest.fixture(autouse=True)
    def _look_anew(self) -> Iterator[None]:
        find_chromium.cache_clear()
        yield
        find_chromium.cache_clear()

    def program(self, folder: Path, name: str, status: int) -> Path:
        path = folder / name
        path.write_text(f"#!/bin/sh\nexit {status}\n")
        path.chmod(0o755)
        return path

    def test_the_one_found_draws_a_page(self, tmp_path: Path) -> None:
        chromium = find_chromium()
        if chromium is None:
            skip_loudly("no Chromium on this machine")
        page = tmp_path / "page.html"
        page.write_text("<p>renewals</p><script>document.body.append(6 * 7)</script>")
        flags = ["--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/profile", "--dump-dom"]
        done = subprocess.run([chromium, *flags, page.as_uri()], capture_output=True, text=True, timeout=60, check=True)
        assert "<p>renewals</p>" in done.stdout
        assert "42" in done.stdout

    def test_the_one_named_comes_first(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.program(tmp_path, "chromium", 0)
        named = self.program(tmp_path, "mine", 0)
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setenv("YANXU_CHROMIUM", str(named))
        assert find_chromium() == str(named)

    def test_one_that_does_not_start_is_passed_over(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.program(tmp_path, "chromium", 1)
        good = self.program(tmp_path, "google-chrome", 0)
        monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/nowhere")
        monkeypatch.delenv("YANXU_CHROMIUM", raising=False)
        assert find_chromium() == str(good)

    @pytest.mark.parametrize("named", ["chromium-headless-shell", "chromium"])
    def test_where_there_is_none_it_is_installed_if_allowed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str
    ) -> None:
        asked: list[str] = []

        def install(*packages: str) -> bool:
            asked.extend(packages)
            if packages[0] == named:
                self.program(tmp_path, named, 0)
            return packages[0] == named

        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.delenv("YANXU_CHROMIUM", raising=False)
        monkeypatch.setattr(browser, "apt_install", install)
        assert browser.ensure_chromium() == str(tmp_path / named)
        tried = ["chromium-headless-shell", "chromium"][: 1 + (named == "chromium")]
        assert asked == [each for name in tried for each in (name, "fonts-noto-cjk")]


def test_a_loud_skip_stands_at_the_end_of_the_run(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "from tests.servers import report_loud_skips\n"
        "def pytest_terminal_summary(terminalreporter): report_loud_skips(terminalreporter)\n"
    )
    pytester.makepyfile(
        "import pytest\nfrom tests.servers import skip_loudly\n"
        "def test_one(): skip_loudly('no moon')\n"
        "def test_two(): skip_loudly('no moon')\n"
        "def test_three(): pytest.skip('quietly')\n"
    )
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(skipped=3)
    result.stdout.fnmatch_lines(["!*NOT TESTED HERE: no moon (2 skipped)*!"])
    result.stdout.no_fnmatch_line("*NOT TESTED HERE: quietly*")


@pytest.fixture
def rewound(server: PostgreSQL) -> Iterator[tuple[str, Rewind]]:
    with server.database() as url:
        query(url, "CREATE TABLE paper (id serial PRIMARY KEY, word text)")
        query(url, "CREATE TABLE leaf (paper_id int REFERENCES paper, number int GENERATED ALWAYS AS IDENTITY)")
        query(url, "INSERT INTO paper (word) VALUES ('first'), ('second')")
        query(url, "INSERT INTO leaf (paper_id) VALUES (1)")
        yield url, Rewind(server.plain(url.rpartition("/")[2]))


def test_a_database_is_wound_back_to_how_it_was(rewound):
    url, rewind = rewound
    kept = query(url, "SELECT array_agg(word ORDER BY id) FROM paper")
    for _ in range(2):
        query(url, "UPDATE paper SET word = 'changed' WHERE id = 1")
        query(url, "DELETE FROM leaf")
        query(url, "DELETE FROM paper WHERE id = 2")
        query(url, "INSERT INTO paper (word) VALUES ('third')")
        assert rewind.back()
        assert query(url, "SELECT array_agg(word ORDER BY id) FROM paper") == kept == ["first", "second"]
        assert query(url, "SELECT count(*) FROM leaf") == 1
        assert query(url, "SELECT nextval('paper_id_seq')") == 3


def test_a_changed_schema_is_not_wound_back_but_told(rewound):
    url, rewind = rewound
    query(url, "ALTER TABLE paper ADD COLUMN page int")
    assert not rewind.back()


def test_who_opens_the_database_while_it_is_put_back_meets_a_whole_file(sqlite_backend):
    """As a server does that still answers a page of the last test: by itself, and by the pool of all."""
    path, over, broken = sqlite_backend.url.removeprefix("sqlite:///"), threading.Event(), []

    def straggle(connect):
        while not over.is_set():
            try:
                with closing(connect()) as late:
                    late.execute("UPDATE person SET version = version + 1")
                    late.commit()
            except sqlite3.DatabaseError as error:
                if any(word in str(error) for word in ("malformed", "no such table", "not a database")):
                    broken.append(str(error))  # else the copy it holds has gone while it wrote: its loss alone

    ways = [lambda: sqlite3.connect(path), sqlite_backend.engine.raw_connection]
    stragglers = [threading.Thread(target=straggle, args=(way,)) for way in ways * 2]
    for each in stragglers:
        each.start()
    for _ in range(150):
        sqlite_backend.reset()
    over.set()
    for each in stragglers:
        each.join()
    assert broken == []
    with closing(sqlite3.connect(path)) as last:
        assert last.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_nobody_is_given_a_connection_to_what_was_there_before(sqlite_backend, monkeypatch):
    """Not one either that a server still made for itself while the database was put back."""
    copy = shutil.copy

    def slowly(*args):
        sqlite_backend.engine.raw_connection().close()
        return copy(*args)

    monkeypatch.setattr("tests.conftest.shutil.copy", slowly)
    sqlite_backend.reset()
    with closing(sqlite_backend.engine.raw_connection()) as own:
        there = own.execute("PRAGMA database_list").fetchone()[2]
    assert there == os.path.realpath(sqlite_backend.url.removeprefix("sqlite:///"))
