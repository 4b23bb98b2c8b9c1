"""Links and whatever a person pastes: only LinkError, and a link that was read comes back from its text."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from xrgui.links import LinkError, extract_links, format_link, parse_link
from xrgui.links.outbound import link_outbound

ID = "b831381d-6324-4d53-ad4f-8cda48b30811"


def seeds() -> Iterator[bytes]:
    links = [
        f"vless://{ID}@example.com:443?encryption=none&security=tls&type=ws&host=a.b&path=%2Fr%3Fed%3D2048#home",
        f"vless://{ID}@[2001:db8::1]:443?flow=xtls-rprx-vision&security=reality&sni=a.b&fp=chrome&pbk=K&sid=01#r",
        "trojan://secret@example.com:443?sni=a.b&allowInsecure=1#name",
        "ss://" + base64.urlsafe_b64encode(b"aes-128-gcm:pw").decode() + "@192.0.2.1:8388#n",
        "ss://" + base64.b64encode(b"aes-128-gcm:pw@192.0.2.1:8388").decode(),
        f"xrgui://{ID}@example.com:443?type=ws",
        f"vmess://{ID}@example.com:443?encryption=auto&type=tcp#v",
    ]
    ps = b'{"v":"2","ps":"n","add":"example.com","port":"443","id":"%s","aid":"0","net":"ws","path":"/ws","tls":"tls"}'
    links.append("vmess://" + base64.b64encode(ps % ID.encode()).decode())
    for link in links:
        yield link.encode()
    yield ("here: " + " and\n".join(links)).encode()
    yield base64.b64encode("\n".join(links).encode())
    yield b'{"servers":[{"server":"1.2.3.4","server_port":8388,"method":"aes-128-gcm","password":"p","remarks":"r"}]}'


def check(data: bytes) -> None:
    text = data.decode("utf-8", "surrogateescape")
    found = extract_links(text)
    try:
        found.links.append(parse_link(text))
    except LinkError:
        pass
    for link in found.links:
        repr(link)
        again = parse_link(format_link(link))
        assert format_link(again) == format_link(link)
        try:
            link_outbound(link)
        except LinkError:
            pass
