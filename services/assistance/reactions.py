"""What assistance does of itself: the bank file of a batch that was released."""

from collections.abc import Iterable
from dataclasses import replace

from services.assistance.aggregates.batch.commands import RecordBankFile
from services.assistance.events.batch import BatchReleased
from services.assistance.projections.bank_file import SHOWN, bank_file, put
from shared.log.envelope import Envelope
from shared.projections.reaction import Effect, Reaction
from shared.rules.context import HOUSE
from shared.runtime.access_log import LOOKED, Attempt
from shared.runtime.house import House

bank_files = Reaction("bank_files", source="assistance")


@bank_files.on(BatchReleased)
def batch_released(event: BatchReleased, envelope: Envelope) -> Iterable[Effect | RecordBankFile]:
    """The release is recorded, whatever becomes of the file; after a crash in between it is written yet.

    Source: design, section 10: the file is a function of the log, and the bank takes a batch once.
    """

    def write(house: House) -> None:
        made = bank_file(house.log, event.batch_id, event.organisation_id)
        seen_by = Attempt(
            method=bank_files.name,
            code=LOOKED,
            person_id=HOUSE.person_id,
            fields=SHOWN,
            correlation_id=envelope.facts.correlation_id,
        )
        house.access_log.write([replace(seen_by, about_id=each) for each in made.holder_ids])
        put(house, made)

    written = RecordBankFile(batch_id=event.batch_id, organisation_id=event.organisation_id)
    return [Effect(write), written]
