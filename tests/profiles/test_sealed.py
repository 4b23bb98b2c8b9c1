import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xrgui.profiles.sealed import Key, PassphraseError, header_of, seal, unseal

slow = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
SEALED = seal(b"a secret", "right")


@slow
@given(st.binary(), st.text(min_size=1))
def test_what_is_sealed_opens_again(data: bytes, passphrase: str):
    sealed = seal(data, passphrase)
    assert unseal(sealed, passphrase) == data
    assert data not in sealed or len(data) < 4


def test_the_wrong_passphrase_opens_nothing():
    with pytest.raises(PassphraseError, match="wrong"):
        unseal(SEALED, "Right")


def test_two_spellings_of_one_passphrase_are_one():
    assert unseal(seal(b"x", "caf\u00e9"), "cafe\u0301") == b"x"


@pytest.mark.parametrize("place", [4, 5, 6, 7, 22, 23, 34, 35, -1])
def test_every_changed_byte_is_noticed(place: int):
    changed = bytearray(SEALED)
    changed[place] ^= 1
    with pytest.raises(ValueError, match=r"wrong|work"):
        unseal(bytes(changed), "right")


def test_work_is_bounded():
    greedy = SEALED[:4] + bytes((30, 8, 1)) + SEALED[7:]
    with pytest.raises(ValueError, match="too much work"):
        header_of(greedy)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda data: b"XRG1" + data))
def test_garbage_is_refused(data: bytes):
    try:
        header = header_of(data)
    except ValueError:
        return
    assert data.startswith(header)


def test_an_empty_passphrase_is_refused():
    with pytest.raises(ValueError, match="empty"):
        seal(b"", "")


def test_no_two_seals_are_alike():
    key = Key("right")
    assert key.seal(b"x") != key.seal(b"x")
