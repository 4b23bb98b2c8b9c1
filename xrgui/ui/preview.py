"""A profile's configuration without its secrets: enough to look at its routing."""

from __future__ import annotations

from itertools import count
from uuid import UUID

from xrgui.config import model as c
from xrgui.profiles.compile import compile_profile
from xrgui.profiles.model import Profile
from xrgui.profiles.problems import ProfileError
from xrgui.profiles.vault import map_secrets


def preview_config(profile: Profile) -> c.Config | None:
    """None if it cannot be compiled as it stands."""
    numbers = count(1)

    def stand_in(place: str, value: str) -> str:
        return value if place in ("certificate", "link") else str(UUID(int=next(numbers)))

    try:
        return compile_profile(map_secrets(profile, stand_in))
    except (ProfileError, ValueError):
        return None
