"""One environment, three files: pyproject.toml, requirements.lock, environment.yml."""

import re
import subprocess
import sys
import tomllib
import venv

import pytest
import yaml
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
PINS = [
    Requirement(line.rstrip("\\ "))
    for line in LOCK.splitlines()
    if re.match(r"\w", line)
]
WANTED = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
COMPUTERS = {
    "linux": ("linux", "Linux", "x86_64", "posix"),
    "linux-arm": ("linux", "Linux", "aarch64", "posix"),
    "mac-arm": ("darwin", "Darwin", "arm64", "posix"),
    "windows": ("win32", "Windows", "AMD64", "nt"),
}


def of(pin: Requirement) -> Version:
    (one,) = pin.specifier
    return Version(one.version)


def markers(computer: str, python: str) -> dict[str, str]:
    sys_platform, system, machine, os_name = COMPUTERS[computer]
    return {
        **default_environment(),
        "sys_platform": sys_platform,
        "platform_system": system,
        "platform_machine": machine,
        "os_name": os_name,
        "python_version": python,
        "python_full_version": f"{python}.6",
    }


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13"])
@pytest.mark.parametrize("computer", COMPUTERS)
def test_the_lock_holds_each_dependency_once_and_within_its_range(computer, python):
    here = markers(computer, python)
    for wanted in WANTED:
        if wanted.marker and not wanted.marker.evaluate(here):
            continue
        (pin,) = [
            pin
            for pin in PINS
            if canonicalize_name(pin.name) == canonicalize_name(wanted.name)
            and (pin.marker is None or pin.marker.evaluate(here))
        ]
        assert wanted.specifier.contains(of(pin)), f"{pin} is not {wanted}"


@pytest.mark.parametrize("computer", COMPUTERS)
def test_each_computer_gets_one_tensorflow(computer):
    here = markers(computer, "3.12")
    names = [
        pin.name
        for pin in PINS
        if pin.name in ("tensorflow", "tensorflow-cpu")
        and (pin.marker is None or pin.marker.evaluate(here))
    ]
    assert names == ["tensorflow-cpu" if computer == "linux" else "tensorflow"]


@pytest.mark.parametrize("pin", PINS, ids=str)
def test_a_pin_is_one_final_release(pin):
    (one,) = pin.specifier
    assert one.operator == "=="
    assert not of(pin).is_prerelease


def test_every_pin_has_hashes():
    entries = re.split(r"\n(?=\w)", LOCK)
    bare = [e.split(" ")[0] for e in entries[1:] if "--hash=sha256:" not in e]
    assert not bare


def test_the_lock_names_no_place_to_fetch_from():
    lines = [line for line in LOCK.splitlines() if not line.startswith("#")]
    named = re.compile(r"://|index-url|find-links|trusted-host")
    assert not [line for line in lines if named.search(line)]


def test_the_lock_holds_what_builds_the_project():
    (backend,) = [Requirement(text) for text in PROJECT["build-system"]["requires"]]
    (pin,) = [pin for pin in PINS if pin.name == backend.name]
    assert backend.specifier.contains(of(pin))


def test_conda_has_the_projects_pythons():
    (python,) = [d for d in CONDA["dependencies"] if str(d).startswith("python ")]
    wanted = PROJECT["project"]["requires-python"]
    assert SpecifierSet(python.removeprefix("python ")) == SpecifierSet(wanted)


def test_conda_installs_the_lock():
    (pip,) = [d["pip"] for d in CONDA["dependencies"] if isinstance(d, dict)]
    assert pip == ["-r requirements.lock"]


def test_what_is_installed_here_fits_together():
    done = subprocess.run(
        [sys.executable, "-m", "pip", "check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_conda_path_makes_a_working_environment(tmp_path):
    """As Binder does it: the pip section, then postBuild, then a lesson's imports."""
    venv.create(tmp_path / "new", with_pip=True)
    python = tmp_path / "new" / "bin" / "python"
    (pip,) = [d["pip"] for d in CONDA["dependencies"] if isinstance(d, dict)]
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", ROOT, clone], check=True)
    install = [python, "-m", "pip", "install", "-q", *pip[0].split()]
    subprocess.run(install, cwd=clone, check=True)
    path = f"{python.parent}:/usr/bin:/bin"
    subprocess.run(["./postBuild"], cwd=clone, env={"PATH": path}, check=True)
    lesson = "import keras, graders.check, transformer.figures; print(graders.__file__)"
    done = subprocess.run(
        [python, "-I", "-c", lesson],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert str(clone) in done.stdout
