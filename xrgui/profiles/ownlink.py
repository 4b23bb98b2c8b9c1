"""``xrgui://import?v=1&profile=…#name``: a whole profile in one line.

`profile` is the profile's document in base64 (for addresses, no padding) or plain JSON, without secrets.
`sealed` in its place is the same with them, under a passphrase.
"""

from __future__ import annotations

import msgspec

from xrgui.links import Link, LinkError, base64text, format_link
from xrgui.profiles.document import DamagedError, NewerError, load_profile, plain_profile
from xrgui.profiles.model import Profile
from xrgui.profiles.sealed import header_of, seal
from xrgui.profiles.vault import without_secrets


def own_link(profile: Profile, passphrase: str = "") -> str:
    """Without secrets; with a *passphrase*, with those that are in place. Raises ValueError if it is bad."""
    if passphrase:
        packed = {"sealed": base64text.encode_url(seal(_document(profile), passphrase))}
    else:
        packed = {"profile": base64text.encode_url(_document(without_secrets(profile)))}
    return format_link(Link(protocol="xrgui", name=profile.name, extra={"v": "1"} | packed))


def _document(profile: Profile) -> bytes:
    return msgspec.json.encode(plain_profile(profile))


def sealed_part(link: Link) -> bytes:
    """What needs a passphrase; nothing if the link is open. Raises LinkError."""
    text = link.extra.get("sealed", "")
    if not text:
        return b""
    try:
        sealed = base64text.decode_bytes(text)
        header_of(sealed)
    except ValueError as error:
        raise LinkError("sealed", str(error)) from None
    return sealed


def open_link(link: Link) -> Profile:
    """The profile of a link that is not sealed. Raises LinkError."""
    text = link.extra.get("profile", "")
    try:
        data = text.encode() if text.lstrip().startswith("{") else base64text.decode_bytes(text)
        return load_profile(data)
    except (DamagedError, NewerError) as error:
        raise LinkError("profile", str(error)) from None
    except ValueError:
        raise LinkError("profile", "is neither base64 nor JSON") from None
