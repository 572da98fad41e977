"""The one exception of files that cannot be used: a sentence and a hint, in both languages."""


class Unreadable(Exception):
    """A file cannot be used as a whole.

    Args:
        zh, en: what is the matter with it.
        hint_zh, hint_en: what to do about it.
    """

    def __init__(self, zh: str, en: str, hint_zh: str, hint_en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en
        self.hint_zh, self.hint_en = hint_zh, hint_en
