"""A second server process on the same database and folder, such as another machine behind the same balancer.

``python -m tests.servers.second FOLDER URL`` serves the application on a port of its own, which it says first.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from waitress.server import create_server

from app.factory import create_app
from config import Settings

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def second(folder: Path, url: str) -> Iterator[str]:
    """The address of one, as long as the block lasts."""
    command = [sys.executable, "-m", "tests.servers.second", str(folder), url]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


if __name__ == "__main__":
    settings = Settings(mode="testing", data_dir=Path(sys.argv[1]), database_url=sys.argv[2], language="en")
    server = create_server(create_app(settings), host="127.0.0.1", port=0, threads=4)
    print(f"http://127.0.0.1:{server.effective_port}", flush=True)
    server.run()
