from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.profiles.samples import CUSTOM_JSON, ID, custom, server, servers, share, shares
from xrgui.config import jsonc
from xrgui.profiles.document import dump_profile
from xrgui.profiles.model import REFERENCE, Profile, Server
from xrgui.profiles.secrets import MemorySecrets, SecretError
from xrgui.profiles.store import Store, copy_of
from xrgui.profiles.validate import validate
from xrgui.profiles.vault import bring_back, forget, move, put_away, secret_values, without_secrets

slow = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
texts = st.text() | st.text('{}[]":,aid \\\n/#*').map('{{"id": "s", {}'.format)
any_profile = shares() | servers() | texts.map(lambda text: custom(json=text)) | st.just(custom())


@slow
@given(any_profile)
def test_secrets_go_and_come_back(profile: Profile):
    secrets = MemorySecrets()
    hidden = put_away(profile, secrets)
    assert bring_back(hidden, secrets) == profile
    assert put_away(hidden, secrets) == hidden, "references stay"


@slow
@given(shares() | servers() | st.just(custom()))
def test_no_secret_is_in_the_file(profile: Profile):
    text = dump_profile(put_away(profile, MemorySecrets())).decode()
    for secret in secret_values(profile):
        assert len(secret) < 8 or secret.replace("\n", "\\n") not in text
    assert "keyring:" in text
    assert ID not in text


@slow
@given(any_profile)
def test_nothing_secret_is_left_without_them(profile: Profile):
    assert secret_values(without_secrets(profile)) == ()
    assert secret_values(without_secrets(put_away(profile, MemorySecrets()))) == ()


def test_a_profile_with_references_is_judged_like_the_whole():
    for profile in (share(), server(), custom()):
        hidden = put_away(profile, MemorySecrets())
        assert {item.field for item in validate(hidden).values() if item.is_error} == set()


def test_custom_json_stays_readable():
    hidden = put_away(custom(), MemorySecrets()).json
    assert "// what a person wrote, with comments" in hidden
    assert '"user": "me"' in hidden
    assert '"auth": "password"' in hidden
    assert '"encryption": "none"' in hidden
    assert "pass-word-1" not in hidden
    assert ID not in hidden
    assert jsonc.parse(hidden, "")[1] is None


def test_keys_that_are_lists_of_lines_are_secrets():
    text = '{"certificates": [{"key": ["-----BEGIN", "abc"], "certificate": ["public"]}], "keyFile": "/k"}'
    hidden = put_away(custom(json=text), MemorySecrets()).json
    assert "abc" not in hidden
    assert "public" in hidden
    assert "/k" in hidden


def test_a_text_that_is_no_json_is_a_secret_as_a_whole():
    secrets = MemorySecrets()
    hidden = put_away(custom(json='{"id": "half-written'), secrets)
    assert hidden.json.startswith("keyring:custom1/json-")
    assert bring_back(hidden, secrets).json == '{"id": "half-written'


def test_a_missing_secret_is_named():
    hidden = put_away(share(), MemorySecrets())
    with pytest.raises(SecretError, match=r"Home, server: .*enter it again") as caught:
        bring_back(hidden, MemorySecrets())
    assert caught.value.code == "missing"


def test_a_deleted_profile_takes_its_secrets_along(tmp_path):
    store, secrets = Store(tmp_path), MemorySecrets()
    stored = store.save(put_away(share(), secrets), None)
    copy = put_away(copy_of(bring_back(stored.profile, secrets), ["Home"]), secrets)
    store.save(copy, None)
    store.delete("share1")
    forget(store.empty_trash(), secrets)
    with pytest.raises(SecretError):
        bring_back(stored.profile, secrets)
    assert bring_back(copy, secrets).server.secret == ID


def test_custom_sample_is_what_the_tests_think():
    assert "pass-word-1" in CUSTOM_JSON
    assert secret_values(custom()) == ("pass-word-1", ID)


def test_secrets_move_those_of_deleted_ones_and_backups_too(tmp_path: Path):
    store, old, new = Store(tmp_path), MemorySecrets(), MemorySecrets()
    kept = store.save(put_away(share(id="kept"), old), None)
    store.save(
        put_away(share(id="kept", name="Changed", server=Server(address="a", secret="other")), old), kept.version
    )
    store.save(put_away(share(id="gone"), old), None)
    store.delete("gone")
    lost = store.save(put_away(share(id="lost"), old), None).profile
    forget((lost.server.secret,), old)
    references = store.references()
    assert len(references) == 4
    move(references, old, new)
    found = [new.get(name.removeprefix(REFERENCE)) for name in references if name != lost.server.secret]
    assert sorted(found) == sorted([ID, ID, "other"])
    with pytest.raises(SecretError, match="is not in the store"):
        new.get(lost.server.secret.removeprefix(REFERENCE))
    for name in references:
        with pytest.raises(SecretError):
            old.get(name.removeprefix(REFERENCE))


def test_a_place_that_fails_leaves_the_secrets_where_they_were(tmp_path: Path):
    class Full(MemorySecrets):
        def set(self, name: str, value: str) -> None:
            raise SecretError("failed", "the disk is full")

    store, old = Store(tmp_path), MemorySecrets()
    profile = store.save(put_away(share(), old), None).profile
    with pytest.raises(SecretError, match="full"):
        move(store.references(), old, Full())
    assert bring_back(profile, old).server.secret == ID
