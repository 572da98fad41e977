"""What several steps of a hardship file check before they decide."""

from datetime import date

from services.assistance.aggregates.file.refusals import BEFORE_LAST_STEP, WRONG_STEP
from services.assistance.aggregates.file.state import STATUS_ZH, HardshipFile, Status


def check_status(file: HardshipFile, *expected: Status) -> None:
    """Raises the refusal ``hardship_file.wrong_step`` unless the file stands at one of these."""
    if file.status not in expected:
        raise WRONG_STEP(field="file_id", status=file.status, status_zh=STATUS_ZH[file.status])


def check_day(file: HardshipFile, day: date, field: str) -> None:
    """Raises the refusal ``hardship_file.before_last_step``: steps do not run backwards in time."""
    if day < file.last_step_on:
        raise BEFORE_LAST_STEP(field=field, last_on=file.last_step_on)
