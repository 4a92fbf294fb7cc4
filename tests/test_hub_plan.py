"""Who may log in to the hub, where it listens, what it keeps, and what it refuses."""

import asyncio
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from jupyterhub.authenticators.shared import SharedPasswordAuthenticator
from traitlets.config.loader import PyFileConfigLoader

from graders import cli
from graders.classroom import hub, hub_plan
from graders.classroom.hub import before_spawn, environment, run_hub, told
from graders.classroom.hub_plan import Plan, Wish, logins, make_plan
from graders.course import Course, CourseError
from graders.gradebook import CONFIG
from graders.lab import SETTINGS
from tests.conftest import ROOT
from tests.test_hub_proxy import free_port


@pytest.fixture(autouse=True)
def no_exchange(monkeypatch):
    """A plan names its exchange in the environment, which outlives no test."""
    monkeypatch.setenv("COURSE_EXCHANGE", "none")


@pytest.fixture
def course(tmp_path):
    """A course with settings and a roster of two."""
    shutil.copy(ROOT / CONFIG, tmp_path)
    (tmp_path / "students.csv").write_text("id,login\nada,adal\nBlaise,bp\n")
    return Course(tmp_path)


def planned(course, **wanted):
    """The plan of a hub with these wishes."""
    wish = Wish(**{"port": free_port(), **wanted})
    folder = hub._made(course.grading / "hub", False)
    return make_plan(course, wish, logins(course, wish), folder)


@pytest.fixture
def plan(course):
    return planned(course)


@pytest.fixture
def settings(plan, monkeypatch):
    """JupyterHub's settings for that plan."""
    plan.write()
    monkeypatch.setenv("COURSE_HUB", str(plan.file))
    return PyFileConfigLoader("jupyterhub_config.py", str(SETTINGS)).load_config()


# ------------------------------------------------------------------------- the roster


def test_a_login_is_the_id_in_small_letters_and_the_id_stays(course):
    assert logins(course, Wish()) == {"ada": "ada", "blaise": "Blaise"}


def test_a_users_login_on_the_system_is_the_rosters(course):
    assert logins(course, Wish(real_users=True)) == {"adal": "adal", "bp": "bp"}


def test_a_roster_may_be_named(course, tmp_path):
    (tmp_path / "others.csv").write_text("id\neve@school.example\n")
    found = logins(course, Wish(students=tmp_path / "others.csv"))
    assert list(found) == ["eve@school.example"]


@pytest.mark.parametrize(
    ("roster", "says"),
    [
        ("id\n", "There is nobody in a roster .*--students FILE.csv"),
        ("name\nada\n", "needs a column `id`"),
        ("id\nada\nada\n", "stands there twice"),
        ("id\nada\nAda\n", "Two people would log in as 'ada'"),
        ("id\ninstructor\n", "Two people would log in as 'instructor'"),
        ("id\n../ada\n", "Nobody can log in as '../ada'"),
        ("id\nada+b\n", "Use letters, digits"),
    ],
)
def test_a_roster_that_cannot_be_is_a_sentence(course, roster, says):
    (course.root / "students.csv").write_text(roster)
    with pytest.raises(CourseError, match=says):
        logins(course, Wish())


def test_a_roster_that_is_missing_is_a_sentence(course):
    with pytest.raises(CourseError, match="There is no roster none"):
        logins(course, Wish(students=Path("none.csv")))


# ---------------------------------------------------------------------------- the plan


def test_passwords_and_inner_ports_are_those_of_last_time(course, plan):
    plan.write()
    again = planned(course, port=plan.port)
    assert again == plan == Plan.read(plan.file)
    assert len(plan.student_password) >= 8
    assert plan.student_password != plan.instructor_password


def test_an_inner_port_that_was_taken_meanwhile_is_replaced(course, plan):
    plan.write()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", plan.hub_port))
        assert planned(course, port=plan.port).hub_port != plan.hub_port


def test_only_the_owner_reads_the_passwords(plan):
    plan.write()
    assert stat.S_IMODE(plan.file.stat().st_mode) == 0o600
    assert stat.S_IMODE(plan.state.stat().st_mode) == 0o700


def test_a_damaged_plan_costs_only_the_passwords(course, plan):
    plan.file.write_text("{")
    assert planned(course).student_password != plan.student_password


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ({}, ("127.0.0.1", "http://hub.localhost:8000", True)),
        ({"address": "a.example"}, ("", "http://a.example:8000", False)),
        (
            {"address": "a.example", "wildcard": True},
            ("", "http://a.example:8000", True),
        ),
        (
            {"address": "https://a.example/", "wildcard": True},
            ("127.0.0.1", "https://a.example", True),
        ),
    ],
    ids=str,
)
def test_where_a_hub_listens_follows_from_its_address(wanted, place):
    assert hub_plan._place(Wish(**wanted)) == place


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        ({"address": "a b"}, "'a b' is no address"),
        ({"address": "10.0.0.1", "wildcard": True}, "No name stands below 10.0.0.1"),
    ],
    ids=str,
)
def test_an_address_that_cannot_be_is_a_sentence(wanted, says):
    with pytest.raises(CourseError, match=says):
        hub_plan._place(Wish(**wanted))


def test_the_exchange_is_the_one_that_the_course_names(course, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    with (course.root / CONFIG).open("a") as config:
        config.write(f'c.Exchange.root = "{tmp_path / "elsewhere"}"\n')
    assert planned(course).exchange == tmp_path / "elsewhere"


# ---------------------------------------------------------------------- who may come in


def comes_in(settings, name, password):
    """Who JupyterHub takes somebody for; None if it lets nobody in."""
    door = SharedPasswordAuthenticator(config=settings)
    given = {"username": name, "password": password}
    found = asyncio.run(door.get_authenticated_user(None, given))
    return found and (found["name"], found["admin"])


def test_students_and_the_instructor_come_in_each_with_their_password(settings, plan):
    assert comes_in(settings, "ada", plan.student_password) == ("ada", False)
    assert comes_in(settings, "Blaise", plan.student_password) == ("blaise", False)
    found = comes_in(settings, "instructor", plan.instructor_password)
    assert found == ("instructor", True)


@pytest.mark.parametrize("name", ["instructor", "INSTRUCTOR", "eve", ""])
def test_the_students_password_opens_no_other_door(settings, plan, name):
    assert comes_in(settings, name, plan.student_password) is None


def test_no_student_comes_in_with_the_instructors_password(settings, plan):
    assert comes_in(settings, "ada", plan.instructor_password) is None


def test_who_left_the_roster_stays_out(settings):
    assert settings.Authenticator.allow_existing_users is False
    assert settings.Authenticator.allowed_users == {"ada", "blaise", "instructor"}


# -------------------------------------------------------------------------- the servers


def spawner(name):
    return SimpleNamespace(user=SimpleNamespace(name=name), args=[], default_url="/lab")


def test_a_student_gets_a_home_the_exchange_and_no_course(plan):
    one = spawner("blaise")
    before_spawn(plan, one)
    assert Path(one.notebook_dir).is_dir()
    assert one.environment["COURSE_STUDENT"] == "Blaise"
    assert one.environment["COURSE_EXCHANGE"] == str(plan.exchange)
    assert "COURSE_ROOT" not in one.environment
    assert not [text for text in one.args if "frame-ancestors" in text]


def test_the_instructor_gets_the_course_and_formgrader_in_a_frame(plan):
    one = spawner("instructor")
    before_spawn(plan, one)
    assert one.notebook_dir == one.environment["COURSE_ROOT"] == str(plan.root)
    assert [text for text in one.args if "frame-ancestors 'self'" in text]


def test_without_subdomains_formgrader_stands_in_no_frame(course):
    plan, one = planned(course, address="hub.school.example"), spawner("instructor")
    before_spawn(plan, one)
    assert not [text for text in one.args if "frame-ancestors" in text]
    assert one.default_url == "/lab"
    assert "open it as http://hub.school.example" in "\n".join(told(plan))


def test_a_students_packages_are_the_bundles_alone_once_there_is_one(plan):
    assert "PYTHONPATH" not in environment(plan, "ada", "student")
    bundle = plan.root / ".grading" / "bundle" / "transformer-course"
    (bundle / "graders").mkdir(parents=True)
    (bundle / "graders" / "__init__.py").touch()
    assert "PYTHONPATH" not in environment(plan, "instructor", "instructor")
    ours = {**os.environ, **environment(plan, "ada", "student")}
    asks = "import graders; print(graders.__file__); import graders.oracle"
    command = [sys.executable, "-c", asks]
    done = subprocess.run(command, env=ours, cwd="/", capture_output=True, text=True)
    assert done.stdout.startswith(str(bundle))
    assert "No module named 'graders.oracle'" in done.stderr


def switched(role):
    """Which of nbgrader's parts a role's JupyterLab shows."""
    shown = {}
    for folder in (SETTINGS, SETTINGS / role):
        text = (folder / "labconfig" / "page_config.json").read_text()
        shown |= json.loads(text)["disabledExtensions"]
    names = {name for name, off in shown.items() if not off}
    return {name.rpartition(":")[2] for name in names}


def test_each_role_sees_its_own_part_of_nbgrader():
    assert switched("student") == {"assignment-list", "menu"}
    assert switched("instructor") == {"formgrader", "menu"}


# ---------------------------------------------------------------------- what is refused


def test_a_trial_says_that_it_isolates_nobody(plan):
    assert "No isolation: a trial." in told(plan)[0]


def test_a_port_that_is_taken_is_a_sentence(course):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CourseError, match=f"Port {port} is taken"):
            run_hub(course, Wish(port=port))


def test_a_second_hub_in_the_same_folder_is_refused(course):
    folder = hub._made(course.grading / "hub", False)
    hold = "import sys; from pathlib import Path\n"
    hold += "from graders.classroom.hub import _alone\n"
    hold += f"with _alone(Path({str(folder)!r})): print(flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        first.stdout.readline()
        with pytest.raises(CourseError, match=r"A hub is running in .*/hub\."):
            run_hub(course, Wish(port=free_port()))
        first.communicate(b"\n")


def test_a_hub_that_is_not_installed_is_a_sentence(course, monkeypatch):
    monkeypatch.setattr(hub, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match=r"not installed .* -e '\.\[hub\]'"):
        run_hub(course, Wish())


def test_a_folder_that_is_a_file_is_a_sentence(course):
    with pytest.raises(CourseError, match="is a file"):
        run_hub(course, Wish(folder=course.root / "students.csv"))


def test_a_folder_where_one_may_not_write_is_a_sentence(course, monkeypatch, capsys):
    def refuse(self, *args, **how):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setenv("COURSE_ROOT", str(course.root))
    monkeypatch.setattr(Path, "mkdir", refuse)
    assert cli.main(["hub"]) == 2
    assert "You may not write there." in capsys.readouterr().err


def test_real_users_want_root(course, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(CourseError, match="run it as root"):
        run_hub(course, Wish(real_users=True))


def test_real_users_want_a_python_that_they_can_enter(course, monkeypatch):
    inside = course.root / "closed" / "bin" / "python"
    inside.parent.mkdir(parents=True)
    (course.root / "closed").chmod(0o700)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(sys, "executable", str(inside))
    with pytest.raises(CourseError, match=r"Python is in .*, which others cannot"):
        run_hub(course, Wish(real_users=True))


def test_the_commands_options_are_the_wishes(monkeypatch, course):
    seen = []
    monkeypatch.setattr(hub, "run_hub", lambda course, wish: seen.append(wish))
    cli.main(["hub"])
    cli.main(["hub", "--port", "8010", "--address", "a.example", "--wildcard"])
    assert seen == [Wish(), Wish(port=8010, address="a.example", wildcard=True)]


# ------------------------------------------------------------------------- docs/hub.md

PAGE = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8")


def snippet(language):
    return re.search(rf"^```{language}\n(.*?)^```", PAGE, re.M | re.S)[1]


def test_the_settings_for_another_hub_give_servers_what_ours_gives(plan):
    told = {
        "c": SimpleNamespace(Spawner=SimpleNamespace(), JupyterHub=SimpleNamespace())
    }
    exec(snippet("python"), told)
    student = SimpleNamespace(user=SimpleNamespace(name="ada"))
    told["before_spawn"](student)
    ours = environment(plan, "ada", "student").keys() - {
        "PATH",
        "JUPYTER_PREFER_ENV_PATH",
    }
    assert ours <= student.environment.keys()


def test_the_settings_for_kubernetes_are_yaml():
    assert {"singleuser", "hub"} == yaml.safe_load(snippet("yaml")).keys()


def test_every_command_and_option_of_the_page_exists():
    named = set(
        re.findall(r"\bcourse ([a-z]+)", re.sub(r"[Tt]he course \w+", "", PAGE))
    )
    known = {
        name
        for one in cli.COMMANDS.values()
        for names, _ in one.arguments
        for name in names
    }
    lines = [
        line for line in PAGE.splitlines() if "course " in line and "pip" not in line
    ]
    options = set(re.findall(r"--[a-z]+[a-z-]*", "\n".join(lines)))
    assert {"hub", "release", "collect", "grade"} <= named & cli.COMMANDS.keys()
    assert options - {"--no-run", "--image-name"} <= known
