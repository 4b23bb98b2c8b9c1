"""Profiles for the tests of dialogs and of the runner."""

from __future__ import annotations

from xrgui.profiles.model import Bridge, Entry, Listen, Profile, Server, Service

SECRET = "6f1ec0de-0000-4000-8000-000000000001"
LINK = f"vless://{SECRET}@box.example.net:443?security=tls&type=ws&path=%2Ftunnel#From%20a%20link"


def share(**fields: object) -> Profile:
    server = Server(address="box.example.net", transport="ws", path="/tunnel", secret=SECRET)
    values = {"id": "blog", "name": "Blog", "services": (Service(port=3000, public_port=8443),), "server": server}
    return Profile(**(values | {"public_url": "https://box.example.net:8443"} | fields))


def serve(**fields: object) -> Profile:
    values = {
        "id": "serve",
        "name": "Public side",
        "role": "server",
        "listen": Listen(tls=False),
        "bridges": (Bridge(name="Workbench", secret=SECRET),),
        "entries": (Entry(port=8080, bridge="Workbench"),),
        "public_url": "http://box.example.net:8080",
    }
    return Profile(**(values | fields))
