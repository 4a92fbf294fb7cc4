"""A tiny clone: the real launcher, a lock of one package, a command that echoes.

This file is also the tiny project's build backend: pip needs no setuptools then.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

PROJECT = """
[build-system]
requires = []
build-backend = "tiny"
backend-path = ["."]

[project]
name = "clone"
version = "1.0"
requires-python = ">=3.{low},<3.{end}"
"""
COMMAND = """
import json, sys

try:
    print(json.dumps({"arguments": sys.argv[1:], "prefix": sys.prefix}), flush=True)
    "wait" in sys.argv and sys.stdin.read()
except KeyboardInterrupt:
    sys.exit(5)
sys.exit(int(sys.argv[-1]) if "exit" in sys.argv else 0)
"""


def write_wheel(folder: Path, name: str, version: str, **files: str) -> Path:
    path = Path(folder, f"{name}-{version}-py3-none-any.whl")
    about = f"{name}-{version}.dist-info"
    files = {name.replace("_", "."): text for name, text in files.items()}
    files[f"{about}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    )
    files[f"{about}/WHEEL"] = (
        "Wheel-Version: 1.0\nGenerator: tiny\n"
        "Root-Is-Purelib: true\nTag: py3-none-any\n"
    )
    record = f"{about}/RECORD"
    files[record] = "".join(f"{file},,\n" for file in [*files, record])
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
    return path


def build_editable(folder, config_settings=None, metadata_directory=None):
    return write_wheel(folder, "clone", "1.0", clone_pth=os.getcwd()).name


class Clone:
    """A folder with a launcher, and how to start it.

    Args:
        root: The folder, there or not.
        source: The folder of the real clone.
    """

    def __init__(self, root: Path, source: Path) -> None:
        self.root, self.wheels = root, root / "wheels"
        if root.exists():
            return
        (root / "graders").mkdir(parents=True)
        self.wheels.mkdir()
        shutil.copy(source / "course", root)
        shutil.copy(__file__, root)
        (root / "graders" / "__init__.py").touch()
        (root / "graders" / "cli.py").write_text(COMMAND)
        self.wants(11, 14)
        self.locks("1.0")

    @property
    def python(self) -> Path:
        return self.root / ".venv" / "bin" / "python"

    def wants(self, low: int, end: int) -> None:
        """Sets the Pythons the project runs on: 3.low up to and without 3.end."""
        text = PROJECT.format(low=low, end=end)
        (self.root / "pyproject.toml").write_text(text)

    def locks(self, version: str) -> None:
        """Sets the version of the one package that is locked."""
        wheel = write_wheel(self.wheels, "tiny", version, tiny_py=f"at = '{version}'")
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        lock = f"tiny=={version} \\\n    --hash=sha256:{digest}\n"
        (self.root / "requirements.lock").write_text(lock)

    def settings(self, **more: str) -> dict[str, str]:
        """An environment in which pip finds the wheels and nothing else."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PIP_")}
        pip = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.wheels.as_uri()}
        return kept | {"PIP_CONFIG_FILE": os.devnull} | (pip | more)

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, str(self.root / "course"), *arguments]

    def start(self, *arguments, cwd=None, **more) -> subprocess.CompletedProcess:
        """One start, to its end."""
        return subprocess.run(
            self.command(*arguments),
            cwd=cwd or self.root,
            env=self.settings(**more),
            capture_output=True,
            text=True,
        )

    def begin(self, *arguments, **more) -> subprocess.Popen:
        """One start, in a group of its own as in a terminal, to be waited for."""
        return subprocess.Popen(
            self.command(*arguments),
            env=self.settings(**more),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def installed(self) -> str:
        """The version of the one package in the environment."""
        ask = [self.python, "-c", "import tiny; print(tiny.at)"]
        return subprocess.check_output(ask, text=True).strip()
