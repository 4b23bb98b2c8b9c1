"""Each program as portal and as bridge, with a link to the test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop import peers
from tests.interop.conformance.subjects import (
    SUBJECTS,
    BridgeUnderTest,
    PortalUnderTest,
    Subject,
)
from tests.interop.topologies import Certificates
from tests.interop.wire import (
    Wire,
)


@pytest.fixture(scope="module", params=SUBJECTS, ids=str)
def subject(request: pytest.FixtureRequest) -> Subject:
    if absent := peers.missing(request.param.name):
        pytest.skip(absent)
    found: Subject = request.param
    return found


@pytest.fixture(scope="module")
def portal(
    subject: Subject, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PortalUnderTest]:
    portal = PortalUnderTest(subject, certificates, tmp_path_factory.mktemp("portal"))
    yield portal
    portal.process.stop()


@pytest.fixture
def fresh(subject: Subject, certificates: Certificates, tmp_path: Path) -> Iterator[PortalUnderTest]:
    """A portal of the case's own, for cases with visitors: v2ray may pick links that are gone."""
    portal = PortalUnderTest(subject, certificates, tmp_path)
    yield portal
    portal.process.stop()


@pytest.fixture(scope="module")
def bridge(
    subject: Subject, certificates: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BridgeUnderTest]:
    bridge = BridgeUnderTest(subject, certificates, tmp_path_factory.mktemp("bridge"))
    yield bridge
    bridge.close()


@pytest.fixture
def to_bridge(bridge: BridgeUnderTest) -> Iterator[Wire]:
    wire = bridge.wire()
    yield wire
    bridge.give_back(wire)


@pytest.fixture
def to_portal(portal: PortalUnderTest) -> Iterator[Wire]:
    wire = portal.wire()
    with contextlib.closing(wire):
        yield wire


@pytest.fixture(params=["portal", "bridge"])
def wire(request: pytest.FixtureRequest, subject: Subject) -> Wire:
    """A link to the subject in either role."""
    found: Wire = request.getfixturevalue(f"to_{request.param}")
    return found
