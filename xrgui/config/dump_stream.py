"""Writes `streamSettings` and `sniffing`."""

from __future__ import annotations

from xrgui.config.model import Certificate, Sniffing, SockOpt, Stream, Tls, WebSocket
from xrgui.config.written import Json, Writer, set_only

_SNIFFED_BY_OLD = ("http", "tls")


def dump_stream(stream: Stream, path: str, out: Writer) -> Json:
    """The settings, empty where all is as by default; the network is named whenever it is not raw."""
    tls = _tls(stream.tls, f"{path}.tlsSettings", out) if stream.security == "tls" else {}
    ws = _ws(stream.ws, f"{path}.wsSettings", out) if stream.network == "ws" else {}
    written = set_only(
        security="tls" if stream.security == "tls" else "",
        tlsSettings=tls,
        wsSettings=ws,
        sockopt=_sockopt(stream.sockopt, f"{path}.sockopt", out),
    )
    if not written and stream.network == "raw":
        return {}
    return {"network": out.pick("tcp", "raw") if stream.network == "raw" else "ws"} | written


def dump_sniffing(sniffing: Sniffing, path: str, out: Writer) -> Json:
    override = sniffing.dest_override
    if out.old:
        if unknown := [name for name in override if name not in _SNIFFED_BY_OLD]:
            out.lacks(f"{path}.destOverride", f"sniffing of {', '.join(unknown)}")
        if sniffing.route_only or sniffing.metadata_only or sniffing.domains_excluded:
            out.lacks(path, "routeOnly, metadataOnly and domainsExcluded")
        known = [name for name in override if name in _SNIFFED_BY_OLD]
        return set_only(enabled=sniffing.enabled, destOverride=known)
    return set_only(
        enabled=sniffing.enabled,
        destOverride=list(override),
        domainsExcluded=list(sniffing.domains_excluded),
        routeOnly=sniffing.route_only,
        metadataOnly=sniffing.metadata_only,
    )


def _ws(ws: WebSocket, path: str, out: Writer) -> Json:
    if out.old:
        if ws.early_data:
            out.lacks(f"{path}.path", "early data over WebSocket")
        if ws.heartbeat:
            out.lacks(f"{path}.heartbeatPeriod", "pings over WebSocket")
        return {"path": ws.path} | set_only(headers=ws.headers | set_only(Host=ws.host))
    query = "&" if "?" in ws.path else "?"
    early = f"{query}ed={ws.early_data}" if ws.early_data else ""
    return {"path": ws.path + early} | set_only(
        host=ws.host, headers=ws.headers, heartbeatPeriod=ws.heartbeat
    )


def _tls(tls: Tls, path: str, out: Writer) -> Json:
    common = set_only(
        serverName=tls.server_name,
        alpn=list(tls.alpn),
        certificates=[_certificate(certificate) for certificate in tls.certificates],
        disableSystemRoot=tls.disable_system_root,
        enableSessionResumption=tls.session_resumption,
    )
    if not out.old:
        return common | set_only(
            pinnedPeerCertSha256=",".join(digest.hex() for digest in tls.pinned),
            verifyPeerCertByName=",".join(tls.verify_names),
            rejectUnknownSni=tls.reject_unknown_sni,
            minVersion=tls.min_version,
            maxVersion=tls.max_version,
            cipherSuites=":".join(tls.cipher_suites),
        )
    if tls.pinned:
        out.lacks(f"{path}.pinnedPeerCertSha256", "pins of this kind", serious=True)
    if tls.verify_names:
        out.lacks(f"{path}.verifyPeerCertByName", "names to verify apart from serverName", serious=True)
    if tls.reject_unknown_sni or tls.min_version or tls.max_version or tls.cipher_suites:
        out.lacks(path, "choice of TLS versions, ciphers and unknown names")
    return common


def _certificate(certificate: Certificate) -> Json:
    return set_only(
        certificate=certificate.certificate.split("\n") if certificate.certificate else None,
        certificateFile=certificate.certificate_file,
        key=certificate.key.split("\n") if certificate.key else None,
        keyFile=certificate.key_file,
        usage="" if certificate.usage == "encipherment" else certificate.usage,
    )


def _sockopt(options: SockOpt, path: str, out: Writer) -> Json:
    common = set_only(mark=options.mark, acceptProxyProtocol=options.accept_proxy_protocol)
    fast_open = options.tcp_fast_open
    if not out.old:
        written = common | set_only(
            tcpKeepAliveIdle=options.keep_alive_idle,
            tcpKeepAliveInterval=options.keep_alive_interval,
            tcpUserTimeout=options.user_timeout,
            interface=options.interface,
            v6only=options.v6only,
            domainStrategy="" if options.domain_strategy == "AsIs" else options.domain_strategy,
            trustedXForwardedFor=list(options.trusted_forwarded_for),
        )
        return written if fast_open is None else written | {"tcpFastOpen": fast_open}
    kept = SockOpt(
        mark=options.mark, accept_proxy_protocol=options.accept_proxy_protocol, tcp_fast_open=fast_open
    )
    if options != kept:
        out.lacks(path, "socket options other than mark, tcpFastOpen and acceptProxyProtocol")
    if fast_open not in (None, 256, -1):
        out.lacks(f"{path}.tcpFastOpen", "length of the queue for tcpFastOpen")
    return common if fast_open is None else common | {"tcpFastOpen": fast_open > 0}
