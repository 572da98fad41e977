"""A reader of a log who checks all that a reader relies on, and a Merkle root made another way."""

from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256

from shared.log.envelope import Envelope, leaf_of
from shared.log.merkle import EMPTY_ROOT, node_hash
from tests.log.house import House

PAGE = 1_000


@dataclass(slots=True)
class Reader:
    """Reads a log by position as it grows, and notes what a reader must never see."""

    house: House
    leaves: list[bytes] = field(default_factory=list)
    moments: set[str] = field(default_factory=set)
    versions: Counter[str] = field(default_factory=Counter)
    events_of: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    recorded_at: str = ""

    @property
    def position(self) -> int:
        return len(self.leaves)

    def read(self) -> bool:
        """Read the next page; whether there was one."""
        page = self.house.log.read(self.position, PAGE)
        for envelope in page:
            self._check(envelope)
        return bool(page)

    def _check(self, envelope: Envelope) -> None:
        told = f"at {envelope.position} ({envelope.stream}, version {envelope.version}): "
        if envelope.position != self.position + 1:
            self.findings.append(f"{told}the reader stood at {self.position}")
        if envelope.recorded_at < self.recorded_at:
            self.findings.append(f"{told}{envelope.recorded_at} after {self.recorded_at}")
        if envelope.version != self.versions[envelope.stream] + 1:
            self.findings.append(f"{told}after version {self.versions[envelope.stream]}")
        facts = envelope.facts
        columns = (envelope.position, envelope.stream, envelope.version, envelope.recorded_at)
        if columns != (facts.position, facts.stream, facts.version, facts.recorded_at):
            self.findings.append(f"{told}the envelope tells another story than its row")
        leaf = leaf_of(envelope.public.encode(), sha256(envelope.sealed.encode()).digest())
        if leaf != envelope.leaf:
            self.findings.append(f"{told}the leaf is not that of the envelope")
        self.leaves.append(leaf)
        self.moments.add(envelope.recorded_at)
        self.versions[envelope.stream] = envelope.version
        self.events_of[facts.command_id] += 1
        self.recorded_at = envelope.recorded_at


def root_of(leaves: list[bytes]) -> bytes:
    """The Merkle root by pairing from below, independent of the frontier that the log keeps."""
    level = leaves
    while len(level) > 1:
        pairs = [node_hash(*level[at : at + 2]) for at in range(0, len(level) - 1, 2)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0] if level else EMPTY_ROOT
