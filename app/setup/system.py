"""What the operating system lends: its packages, where we may install them."""

import os
import shutil
import subprocess


def apt_install(*packages: str) -> bool:
    """Install Debian or Ubuntu packages; tell whether it worked.

    Only root on a machine with apt-get may, so false is an answer, not an error.
    """
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    print(f"Installing {', '.join(packages)} with apt-get ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = ([apt, "update", "-qq"], [apt, "install", "-y", "-qq", "--no-install-recommends", *packages])
    for step in steps:
        done = subprocess.run(step, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            print("\n".join(done.stderr.splitlines()[-5:]), flush=True)
    return done.returncode == 0
