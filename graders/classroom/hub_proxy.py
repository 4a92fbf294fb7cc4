"""The hub's proxy: configurable-http-proxy's Python port, made fit for JupyterHub.

`python -m graders.classroom.hub_proxy` takes the arguments that JupyterHub gives. What
the port (0.4.0) lacks is added here: an address for each user, websockets with a
subprotocol and with bytes (a kernel's), answers that take longer than 20 seconds
(grading), more than ten requests at a time, and an end when the hub ends.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from functools import partial
from typing import Any

from configurable_http_proxy import handlers, log
from configurable_http_proxy.configproxy import PythonProxy
from tornado.httpclient import AsyncHTTPClient, HTTPRequest
from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPHeaders
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.web import Application
from tornado.websocket import websocket_connect

LARGEST = 512 << 20  # bytes in one request, answer or message
LONGEST = 3600  # seconds until an answer comes
MANY = 1000  # requests at a time
HUB_GONE = 1000  # milliseconds between two looks


class _HostView:
    """A proxy as one request sees it: its routes begin with the request's host."""

    def __init__(self, proxy: PythonProxy, host: str) -> None:
        self._proxy, self._host = proxy, host

    def __getattr__(self, name: str) -> Any:
        return getattr(self._proxy, name)

    def target_for_req(self, _host: None, path: str) -> Any:
        return self._proxy.target_for_req(self._host, f"/{path}")


class Handler(handlers.ProxyHandler):
    """One request or websocket on its way to the hub or to a user's server."""

    def initialize(self, proxy: PythonProxy) -> None:
        """Lets the host decide, where each user has one."""
        host = self.request.host_name if proxy.host_routing else ""
        super().initialize(proxy=_HostView(proxy, host) if host else proxy)

    def _get_proxy_request(self, url: str) -> HTTPRequest:
        """Tells the hub what a web server in front told, such as that there is TLS."""
        request = super()._get_proxy_request(url)
        request.headers = HTTPHeaders(request.headers)
        for name, known in self.request.headers.get_all():
            if name.startswith("X-Forwarded-"):
                request.headers[name] = known
        request.headers.pop("Sec-Websocket-Extensions", None)  # each side has its own
        return request

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Speaks with the browser what the user's server has chosen."""
        chosen = self.ws_client.selected_subprotocol if self.ws_client else None
        return chosen if chosen in subprotocols else None

    def on_message(self, message: str | bytes) -> None:
        """Passes on what the browser says: bytes as bytes, which kernels want."""
        if self.ws_client:
            self.ws_client.write_message(message, binary=isinstance(message, bytes))


def serve(arguments: argparse.Namespace, token: str) -> None:
    """Serves until the hub that started this process is gone."""
    _widen()
    proxy = PythonProxy(
        {
            "log": log,
            "auth_token": token,
            "error_target": arguments.error_target,
            "host_routing": arguments.host_routing,
        }
    )
    routes = [(r"/(.*)", Handler, {"proxy": proxy})]
    public = Application(routes, websocket_max_message_size=LARGEST)
    room = {"max_body_size": LARGEST, "max_buffer_size": LARGEST}
    HTTPServer(public, **room).listen(arguments.port, arguments.ip)
    HTTPServer(proxy.api_app).listen(arguments.api_port, arguments.api_ip)
    PeriodicCallback(partial(_end_with, os.getppid()), HUB_GONE).start()
    IOLoop.current().start()


def _widen() -> None:
    """Sets limits that a class does not reach."""
    AsyncHTTPClient.configure(
        "tornado.simple_httpclient.SimpleAsyncHTTPClient",
        max_clients=MANY,
        max_body_size=LARGEST,
        max_buffer_size=LARGEST,
        defaults={"request_timeout": LONGEST},
    )
    handlers.websocket_connect = partial(websocket_connect, max_message_size=LARGEST)


def _end_with(parent: int) -> None:
    """Ends an orphan, which would keep the port for ever."""
    if os.getppid() != parent:
        os._exit(0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Reads JupyterHub's arguments and serves."""
    parser = argparse.ArgumentParser(prog="graders.classroom.hub_proxy")
    parser.add_argument("--ip", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--api-ip", default="127.0.0.1")
    parser.add_argument("--api-port", type=int, required=True)
    parser.add_argument("--error-target")
    parser.add_argument("--log-level", default="error")
    parser.add_argument("--host-routing", action="store_true")
    found = parser.parse_args(arguments)
    logging.getLogger("tornado.access").setLevel("CRITICAL")  # the hub tells of it
    log.setLevel({"warn": "WARNING"}.get(found.log_level, found.log_level.upper()))
    serve(found, os.environ["CONFIGPROXY_AUTH_TOKEN"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
