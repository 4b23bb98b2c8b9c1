"""Portal and bridge configurations in the spelling of v2ray (classic) and of Xray (VLESS reverse).

xrgui runs the very same JSON, so one pair of files serves every mixture of programs.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Json = dict[str, Any]

LOOPBACK = "127.0.0.1"
USER = "b831381d-6324-4d53-ad4f-8cda48b30811"
DOMAIN = "reverse.test"
"""The tunnel domain of the classic dialect."""
PATH = "/link"
"""The WebSocket path of the link."""


@dataclass(frozen=True)
class Shape:
    """What the two ends speak to each other."""

    dialect: Literal["classic", "vless-reverse"]
    protocol: Literal["vless", "vmess"]
    transport: Literal["raw", "tls", "ws"]

    def __str__(self) -> str:
        protocol = "reverse" if self.dialect == "vless-reverse" else self.protocol
        return f"{protocol}-{self.transport}"


CLASSIC = tuple(Shape("classic", p, t) for p in ("vless", "vmess") for t in ("raw", "tls", "ws"))
VLESS_REVERSE = tuple(Shape("vless-reverse", "vless", t) for t in ("raw", "tls", "ws"))


@dataclass(frozen=True)
class Service:
    """A visitors' port on the portal and the port beside the bridge to which it leads."""

    name: str
    port: int
    target: int
    network: Literal["tcp", "udp"] = "tcp"


@dataclass(frozen=True)
class Certificates:
    """A throw-away CA and a leaf for 127.0.0.1 and localhost, as PEM files."""

    ca: Path
    leaf: Path
    key: Path
    pin: str
    """SHA-256 of the leaf's DER, hex."""


def portal(shape: Shape, link: int, services: tuple[Service, ...], certificates: Certificates) -> Json:
    """The public side: listens on port *link* for the bridge and on each service for visitors."""
    modern = shape.dialect == "vless-reverse"
    user: Json = {"id": USER, "email": "bridge@test"}
    if modern:
        user["reverse"] = {"tag": "portal"}
    settings: Json = {"users" if modern else "clients": [user]}
    if shape.protocol == "vless":
        settings["decryption"] = "none"
    inbound = {"tag": "link", "listen": LOOPBACK, "port": link, "protocol": shape.protocol}
    inbound |= {"settings": settings, "streamSettings": server_stream(shape, certificates)}
    rules: list[Json] = [rule("portal", inboundTag=[service.name for service in services])]
    config: Json = {"log": {"loglevel": "warning"}}
    if not modern:
        rules.append(rule("portal", inboundTag=["link"], domain=[f"full:{DOMAIN}"]))
        config["reverse"] = {"portals": [{"tag": "portal", "domain": DOMAIN}]}
    return config | {
        "inbounds": [*(visitors(service, modern) for service in services), inbound],
        "outbounds": [{"tag": "nowhere", "protocol": "blackhole"}],
        "routing": {"rules": rules},
    }


def bridge(shape: Shape, link: int, certificates: Certificates) -> Json:
    """The private side: dials port *link* and reaches whatever the portal names."""
    config: Json = {"log": {"loglevel": "warning"}}
    stream = client_stream(shape, certificates)
    if shape.dialect == "vless-reverse":
        settings = {"address": LOOPBACK, "port": link, "id": USER, "encryption": "none", "flow": ""}
        settings["reverse"] = {"tag": "bridge"}
        return config | {
            "outbounds": [
                {"tag": "local", "protocol": "freedom", "settings": {"finalRules": [{"action": "allow"}]}},
                {"tag": "link", "protocol": "vless", "settings": settings, "streamSettings": stream},
            ],
            "routing": {"rules": [rule("local", inboundTag=["bridge"])]},
        }
    user: Json = {"encryption": "none"} if shape.protocol == "vless" else {"alterId": 0, "security": "auto"}
    server = {"address": LOOPBACK, "port": link, "users": [user | {"id": USER}]}
    return config | {
        "reverse": {"bridges": [{"tag": "bridge", "domain": DOMAIN}]},
        "outbounds": [
            {"tag": "local", "protocol": "freedom"},
            {"tag": "link", "protocol": shape.protocol, "settings": {"vnext": [server]}} | {"streamSettings": stream},
        ],
        "routing": {
            "rules": [
                rule("link", inboundTag=["bridge"], domain=[f"full:{DOMAIN}"]),
                rule("local", inboundTag=["bridge"]),
            ]
        },
    }


def rule(outbound: str, **conditions: list[str]) -> Json:
    return {"type": "field", "outboundTag": outbound, **conditions}


def visitors(service: Service, modern: bool) -> Json:
    if modern:
        keys = {"protocol": "tunnel"}
        settings: Json = {"rewriteAddress": LOOPBACK, "rewritePort": service.target}
        settings["allowedNetwork"] = service.network
    else:
        keys = {"protocol": "dokodemo-door"}
        settings = {"address": LOOPBACK, "port": service.target, "network": service.network}
    return keys | {"tag": service.name, "listen": LOOPBACK, "port": service.port, "settings": settings}


def server_stream(shape: Shape, certificates: Certificates) -> Json:
    if shape.transport == "tls":
        pair = {"certificateFile": str(certificates.leaf), "keyFile": str(certificates.key)}
        return plain(shape) | {"security": "tls", "tlsSettings": {"certificates": [pair]}}
    return plain(shape)


def client_stream(shape: Shape, certificates: Certificates) -> Json:
    """Verifies the portal: v2ray by the CA, Xray by the leaf's hash."""
    if shape.transport != "tls":
        return plain(shape)
    tls: Json = {"serverName": "localhost"}
    if shape.dialect == "vless-reverse":
        tls["pinnedPeerCertSha256"] = certificates.pin
    else:
        tls["certificates"] = [{"usage": "verify", "certificateFile": str(certificates.ca)}]
    return plain(shape) | {"security": "tls", "tlsSettings": tls}


def plain(shape: Shape) -> Json:
    if shape.transport == "ws":
        return {"network": "ws", "wsSettings": {"path": PATH}}
    return {"network": "raw" if shape.dialect == "vless-reverse" else "tcp"}


def make_certificates(directory: Path) -> Certificates:
    """A CA and a leaf that live for a day."""
    ca_key, leaf_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name, leaf_name = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]) for name in ("xrgui test CA", "localhost")
    )
    ca = sign(ca_name, ca_key.public_key(), ca_name, ca_key, authority=True)
    leaf = sign(leaf_name, leaf_key.public_key(), ca_name, ca_key, authority=False)
    files = Certificates(
        directory / "ca.pem",
        directory / "leaf.pem",
        directory / "leaf.key",
        hashlib.sha256(leaf.public_bytes(serialization.Encoding.DER)).hexdigest(),
    )
    files.ca.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    files.leaf.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return files


def sign(
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder(issuer, subject, key, x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if not authority:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address(LOOPBACK))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())
