"""The settings of `course hub`, which starts JupyterHub with this file.

`COURSE_HUB` names the plan that `graders.classroom.hub_plan` wrote: who is in the
class, the ports, the passwords and the folders.
"""

import os
import sys
from functools import partial
from pathlib import Path

from graders.classroom.hub import before_spawn
from graders.classroom.hub_plan import Plan

c = get_config()  # noqa: F821  JupyterHub puts it here
plan = Plan.read(Path(os.environ["COURSE_HUB"]))

# Where it listens. Hub and proxy's own addresses are for this computer alone.
c.JupyterHub.bind_url = f"http://{plan.listens}:{plan.port}"
c.JupyterHub.hub_ip = "127.0.0.1"
c.JupyterHub.hub_port = plan.hub_port
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{plan.proxy_port}"
c.ConfigurableHTTPProxy.command = [sys.executable, "-m", "graders.classroom.hub_proxy"]
c.ConfigurableHTTPProxy.log_level = "error"
# Each user has an origin of their own, so that no page of one acts for another.
c.JupyterHub.subdomain_host = plan.address if plan.subdomains else ""

# What is kept. A new release of JupyterHub may change its tables; it copies them first.
c.JupyterHub.db_url = f"sqlite:///{plan.state / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(plan.state / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(plan.state / "proxy.pid")
c.JupyterHub.upgrade_db = True
c.JupyterHub.log_level = "WARN"

# Who may come in: the roster and the instructor, and nobody who left the roster.
c.Authenticator.allowed_users = {*plan.students, plan.instructor}
c.Authenticator.admin_users = {plan.instructor}
c.Authenticator.allow_existing_users = False
if plan.real_users:
    c.JupyterHub.authenticator_class = "pam"
    c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
else:
    # An admin comes in with the admin's password only.
    c.JupyterHub.authenticator_class = "shared-password"
    c.SharedPasswordAuthenticator.user_password = plan.student_password
    c.SharedPasswordAuthenticator.admin_password = plan.instructor_password
    c.JupyterHub.spawner_class = "jupyterhub.spawner.SimpleLocalProcessSpawner"
    homes = str(plan.homes / "{username}")
    c.SimpleLocalProcessSpawner.home_dir_template = homes

c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = 180  # seconds, on a busy computer
c.Spawner.pre_spawn_hook = partial(before_spawn, plan)
c.JupyterHub.concurrent_spawn_limit = 10
