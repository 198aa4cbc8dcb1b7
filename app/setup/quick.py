"""Many locked packages at once, by uv: a seventh of the work of pip, each archive checked against its hash as well.

uv itself is fetched by pip, by its own pin of `requirements/dev.txt`, into a folder that is thrown away. It reads no
settings of pip; those that say where packages are to be had are told to it. Whatever it cannot do is left to pip.
"""

import ast
import os
import re
import subprocess
from pathlib import Path

WHERE = {"index-url": "--default-index", "extra-index-url": "--index", "find-links": "--find-links"}
"""Settings of pip that say where packages are to be had, and how uv is told the same."""
WORTH_IT = 20
"""Packages below which fetching uv costs more than it saves."""


def installed(python: Path, requirements: Path, folder: Path) -> bool:
    """Install a locked file into the environment of `python`; false where that did not work out or is not worth it."""
    lock = requirements.with_name("dev.txt")
    pin = next(iter(re.findall(r"^uv==.*(?:\n[ \t].*)*", lock.read_text() if lock.exists() else "", re.MULTILINE)), "")
    if not pin or requirements.read_text().count("==") < WORTH_IT:
        return False
    (folder / "uv.txt").write_text(pin + "\n")
    fetch = [str(python), "-m", "pip", "install", "--quiet", "--no-input", "--no-compile", "--require-hashes"]
    fetch += ["--no-deps", "--disable-pip-version-check", "--target", str(folder / "uv"), "-r", str(folder / "uv.txt")]
    settings = settings_of_pip(python)
    options = [word for name in WHERE for place in settings.get(name, "").split() for word in (WHERE[name], place)]
    install = [str(folder / "uv" / "bin" / "uv"), "pip", "install", "--quiet", "--no-config", "--python", str(python)]
    install += ["--require-hashes", "--no-deps", "--index-strategy", "unsafe-best-match", *options]
    return _went_well(fetch, {}) and _went_well([*install, "-r", str(requirements)], way_out(settings))


def settings_of_pip(python: Path) -> dict[str, str]:
    """pip's settings by their names, of its files and of the surroundings; the latter count more."""
    told = subprocess.run([python, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False)
    found = re.findall(r"^(:env:|\w+)\.([\w-]+)=(.+)$", told.stdout, re.MULTILINE)
    found.sort(key=lambda each: (each[0] == ":env:", each[0] == "install"))
    return {name: str(ast.literal_eval(value)) for _where, name, value in found if value[0] in "'\""}


def way_out(settings: dict[str, str]) -> dict[str, str]:
    """How the network is reached, as uv wants to be told."""
    names = {"cert": ("SSL_CERT_FILE",), "proxy": ("HTTPS_PROXY", "HTTP_PROXY")}
    return {each: settings[name] for name, said in names.items() if name in settings for each in said}


def _went_well(command: list[str], more: dict[str, str]) -> bool:
    try:
        return subprocess.run(command, env={**os.environ, **more}, capture_output=True, check=False).returncode == 0
    except OSError:
        return False
