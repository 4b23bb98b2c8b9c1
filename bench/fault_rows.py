"""The rows of the table of faults."""

from __future__ import annotations

from bench.fault_bed import FaultRow
from bench.fault_ends import killed, soak
from bench.fault_link import black_hole, flapping, frozen, loss, lossy_ways, near_and_far, reset
from bench.fault_visitors import beside_downloads, crowd, fairness, stalled

ROWS = {
    row.name: row
    for row in (
        FaultRow("stalled", "one visitor stops reading", stalled),
        FaultRow("latency", "small requests beside downloads", beside_downloads, leaves=False),
        FaultRow("fairness", "fairness between downloads", fairness, leaves=False),
        FaultRow("hole", "link silently dead", black_hole, near_and_far),
        FaultRow("reset", "link reset", reset),
        FaultRow("frozen", "link frozen for a while", frozen),
        FaultRow("flapping", "link silent every 3 s", flapping),
        FaultRow("killed", "ends killed under load", killed),
        FaultRow("crowd", "many visitors", crowd),
        FaultRow("loss", "packet loss", loss, lossy_ways, leaves=False),
        FaultRow("soak", "mixed load and faults", soak),
    )
}
