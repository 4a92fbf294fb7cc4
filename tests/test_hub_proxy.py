"""The hub's proxy does for JupyterHub what the library it stands on leaves undone."""

import asyncio
import json
import os
import subprocess
import sys
import time

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler, websocket_connect

TOKEN = "open"
KERNEL = "v1.kernel.websocket.jupyter.org"


def free_port():
    socket, port = bind_unused_port()
    socket.close()
    return port


class Echo(RequestHandler):
    """Answers with the path and the headers that reached it."""

    async def get(self, path):
        await asyncio.sleep(float(self.get_argument("wait", "0")))
        self.write({"path": path, **dict(self.request.headers)})


class Kernel(WebSocketHandler):
    """Speaks a kernel's protocol: says what type came, and sends it back."""

    def select_subprotocol(self, subprotocols):
        return KERNEL if KERNEL in subprotocols else None

    def on_message(self, message):
        self.write_message(type(message).__name__)
        self.write_message(message, binary=isinstance(message, bytes))


def proxied(ask, *, kind=()):
    """What `ask(port)` finds at a proxy with one user, ada, behind which is Echo."""

    async def main():
        socket, target = bind_unused_port()
        routes = [(r"/.*/kernel", Kernel), (r"/(.*)", Echo)]
        room = {"websocket_max_message_size": 64 << 20}
        server = HTTPServer(Application(routes, **room))
        server.add_sockets([socket])
        port, inner = free_port(), free_port()
        ports = ["--port", str(port), "--api-port", str(inner)]
        command = [sys.executable, "-m", "graders.classroom.hub_proxy", *ports, *kind]
        ours = {**os.environ, "CONFIGPROXY_AUTH_TOKEN": TOKEN}
        process = subprocess.Popen(command, env=ours)
        try:
            await enter(inner, "/ada.hub.localhost/user/ada", target)
            return await asyncio.wait_for(ask(port), 60)
        finally:
            process.kill()
            process.wait()
            server.stop()

    return asyncio.run(main())


async def enter(inner, route, target):
    """Enters a route, as soon as the proxy's inner port answers."""
    request = HTTPRequest(
        f"http://127.0.0.1:{inner}/api/routes{route}",
        method="POST",
        headers={"Authorization": f"token {TOKEN}"},
        body=json.dumps({"target": f"http://127.0.0.1:{target}"}),
    )
    for _ in range(300):
        try:
            return await AsyncHTTPClient().fetch(request)
        except ConnectionRefusedError:
            await asyncio.sleep(0.1)
    raise AssertionError("the proxy does not start")


def request(port, path="/user/ada/x", host="ada.hub.localhost", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    url = f"http://127.0.0.1:{port}{path}"
    return HTTPRequest(url, headers={"Host": f"{host}:{port}", **named})


SUBDOMAINS = ("--host-routing",)


def test_a_users_address_leads_to_their_server():
    async def ask(port):
        return json.loads((await AsyncHTTPClient().fetch(request(port))).body)

    assert proxied(ask, kind=SUBDOMAINS)["path"] == "user/ada/x"


@pytest.mark.parametrize("host", ["blaise.hub.localhost", "hub.localhost", "x"])
def test_another_address_leads_elsewhere(host):
    async def ask(port):
        with pytest.raises(HTTPClientError) as failed:
            await AsyncHTTPClient().fetch(request(port, host=host))
        return failed.value.code

    assert proxied(ask, kind=SUBDOMAINS) == 404


@pytest.mark.parametrize("message", ["text", b"\x00bytes", b"x" * (11 << 20)], ids=type)
def test_a_kernels_websocket_keeps_its_protocol_and_its_bytes(message):
    async def ask(port):
        asked = request(port, "/user/ada/kernel")
        asked.url = asked.url.replace("http", "ws")
        found = await websocket_connect(
            asked, subprotocols=[KERNEL], max_message_size=64 << 20
        )
        await found.write_message(message, binary=isinstance(message, bytes))
        kind, back = await found.read_message(), await found.read_message()
        chosen = found.selected_subprotocol
        found.close()
        assert await found.read_message() is None
        return chosen, kind, back

    expected = (KERNEL, type(message).__name__, message)
    assert proxied(ask, kind=SUBDOMAINS) == expected


def test_what_a_web_server_in_front_tells_reaches_the_hub():
    async def ask(port):
        asked = request(port, X_Forwarded_Proto="https")
        return json.loads((await AsyncHTTPClient().fetch(asked)).body)

    assert proxied(ask, kind=SUBDOMAINS)["X-Forwarded-Proto"] == "https"


def test_thirty_students_need_not_wait_for_each_other():
    async def ask(port):
        began = time.monotonic()
        client = AsyncHTTPClient(force_instance=True, max_clients=100)
        asked = [request(port, "/user/ada/x?wait=2") for _ in range(30)]
        await asyncio.gather(*map(client.fetch, asked))
        return time.monotonic() - began

    assert proxied(ask, kind=SUBDOMAINS) < 6  # ten at a time would take 6


def test_the_proxy_ends_when_its_hub_is_killed():
    port, inner = free_port(), free_port()
    command = [sys.executable, "-m", "graders.classroom.hub_proxy"]
    command += ["--port", str(port), "--api-port", str(inner)]
    hub = (
        "import subprocess, sys, time\n"
        f"print(subprocess.Popen({command}).pid, flush=True); time.sleep(60)"
    )
    ours = {**os.environ, "CONFIGPROXY_AUTH_TOKEN": TOKEN}
    parent = subprocess.Popen(
        [sys.executable, "-c", hub], env=ours, stdout=subprocess.PIPE, text=True
    )
    child = int(parent.stdout.readline())
    asyncio.run(enter(inner, "/user/x", 1))
    parent.kill()
    parent.wait()
    parent.stdout.close()
    end = time.monotonic() + 20
    while running(child) and time.monotonic() < end:
        time.sleep(0.1)
    assert not running(child)


def running(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
