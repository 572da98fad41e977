"""The one exception that every standard raises when a value does not meet it."""


class Invalid(ValueError):
    """A value does not meet its standard.

    The sentences never contain the value: it may be personal, and sentences reach screens and logs. The layer
    above adds the name of the field.

    Arguments: `code`, stable, `<standard>.<reason>`; `zh` and `en`, one sentence each without a full stop.
    """

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code, zh, en)
        self.code = code
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return f"{self.code}: {self.en}"
