"""The Python environment of a checkout: made once from the locked requirements, mended when they change.

    python -m app.setup.environment base|dev|node

`base` is what the application needs, `dev` adds what the tests need, `node` is a Node.js for a machine that
has none. Up to date means: the interpreter starts, and the lock file is the one last installed completely.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

from app.setup import SetupError, quick
from app.setup.system import apt_install

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "yanxu-installed.json"
OLDEST_PYTHON = (3, 11)
# pip settings that say how to reach the network at all: kept even where every other one is ignored.
WAY_OUT = {"PIP_CERT", "PIP_CLIENT_CERT", "PIP_PROXY"}
CONTAINS: dict[str, tuple[str, ...]] = {"base": (), "dev": ("base",), "node": ()}


def ensure(name: str) -> bool:
    """Make the environment hold `requirements/<name>.txt`; tell whether anything had to be done.

    Raises SetupError, with the cure, when no environment can be made or a package cannot be fetched.
    """
    if name not in CONTAINS:
        raise SetupError(f"there is no requirements/{name}.txt; choose one of: {', '.join(CONTAINS)}")
    usable = interpreter_works(PYTHON)
    stamps = read_stamps() if usable else {}
    if stamps.get(name) == fingerprint(name):
        return False
    started = time.monotonic()
    if not usable:
        print(f"Making the Python environment in {VENV.name}/ (once) ...", flush=True)
        create()
    print(f"Installing requirements/{name}.txt (once, until it changes) ...", flush=True)
    install(ROOT / "requirements" / f"{name}.txt")
    stamps.update({each: fingerprint(each) for each in (name, *CONTAINS[name])})
    STAMPS.write_text(json.dumps(stamps, indent=1, sort_keys=True))
    print(f"Installed in {time.monotonic() - started:.0f} s.", flush=True)
    return True


def fingerprint(name: str) -> str:
    """What must be unchanged for an installation of `name` to stand: the lock file, byte for byte."""
    return hashlib.sha256((ROOT / "requirements" / f"{name}.txt").read_bytes()).hexdigest()


def read_stamps() -> dict[str, str]:
    """The fingerprints of the complete installations; none when the file is absent or damaged."""
    try:
        stamps: dict[str, str] = json.loads(STAMPS.read_text())
    except (OSError, ValueError):
        return {}
    return stamps


def interpreter_works(python: Path) -> bool:
    """Whether `python` starts and is new enough; false after the system's Python was replaced under it."""
    probe = f"import sys, pip; sys.exit(sys.version_info < {OLDEST_PYTHON})"
    try:
        return subprocess.run([python, "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def create() -> None:
    """Make an empty environment with pip, by whichever way this machine's Python offers."""
    shutil.rmtree(VENV, ignore_errors=True)
    if _make_venv():
        return
    # Debian and Ubuntu split `venv` off into a package of its own.
    package = f"python{sysconfig.get_python_version()}-venv"
    if apt_install(package) and _make_venv():
        return
    raise SetupError(f"{sys.executable} cannot make environments; install its venv module (apt install {package})")


def _make_venv() -> bool:
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, check=False)
    return done.returncode == 0 and interpreter_works(PYTHON)


def install(requirements: Path) -> None:
    """Install a locked file, by uv where that is quicker and works out, else with pip; archives are checked by hash.

    The machine's pip settings come first, for they may name its mirror. If they lead nowhere (`--target`,
    a mirror that is gone, `no-binary` ...), a second try ignores them.
    """
    # Python compiles what is imported, when it is imported; compiling everything here costs ten seconds.
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-input", "--no-user", "--no-compile"]
    # The lock names everything there is to install, so nothing has to be looked for besides.
    command += ["--disable-pip-version-check", "--require-hashes", "--no-deps", "--requirement"]
    quiet = {**os.environ, "PIP_PROGRESS_BAR": "off", "PIP_ROOT_USER_ACTION": "ignore"}
    plain = {name: value for name, value in os.environ.items() if name in WAY_OUT or name[:4] != "PIP_"}
    plain |= {"PIP_CONFIG_FILE": os.devnull, "PIP_ROOT_USER_ACTION": "ignore"}
    output = ""
    with tempfile.TemporaryDirectory() as folder:
        if quick.installed(PYTHON, requirements, Path(folder)) and holds(requirements):
            return
        parts = halves(requirements, Path(folder))
        for environment in (quiet, plain):
            both = [_started([*command, str(part)], environment) for part in parts]
            output += "".join("".join(pip.communicate()) for pip in both)
            if all(pip.returncode == 0 for pip in both) and holds(requirements):
                return
    errors = [line for line in output.splitlines() if not line.startswith("WARNING")]
    raise SetupError(f"pip could not install {requirements.name}; it said:\n" + "\n".join(errors[-15:]))


def halves(requirements: Path, folder: Path) -> list[Path]:
    """The lock file cut into two below `folder`, for two cores; one that is short stays whole.

    A pip uses one core, and most of its time reads indexes.
    """
    pins = re.split(r"^(?=[\w-])", requirements.read_text(), flags=re.MULTILINE)
    pins = [pin for pin in pins if "==" in pin]
    if len(pins) < 20:
        return [requirements]
    parts = [folder / f"{half}-{requirements.name}" for half in (0, 1)]
    for half, part in enumerate(parts):
        part.write_text("".join(pins[half::2]))
    return parts


def _started(command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def holds(requirements: Path) -> bool:
    """Whether the environment itself, not some other folder, has every pin that stands without a marker."""
    pins = [line.rstrip(" \\") for line in requirements.read_text().splitlines() if "==" in line and ";" not in line]
    probe = "import sys\nfrom importlib.metadata import version\n"
    probe += "sys.exit(any(version(n) != v for n, v in (pin.split('==') for pin in sys.argv[1:])))"
    return subprocess.run([PYTHON, "-I", "-c", probe, *pins], capture_output=True, check=False).returncode == 0


if __name__ == "__main__":
    if sys.version_info < OLDEST_PYTHON:
        sys.exit("Yanxu needs Python 3.11 or newer")
    try:
        for wanted in sys.argv[1:] or ["base"]:
            ensure(wanted)
    except SetupError as error:
        sys.exit(f"Set-up stopped: {error}")
