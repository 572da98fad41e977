"""What is said of a setting that cannot be used."""

PREFIX = "GONGHUI_"


class WrongSetting(Exception):
    """A setting cannot be used. The sentences never contain its value: that may be a secret."""

    def __init__(self, variable: str, zh: str, en: str) -> None:
        super().__init__(variable, zh, en)
        self.variable = variable
        self.zh = zh
        self.en = en

    def __str__(self) -> str:
        return f"{self.variable}: {self.zh} / {self.en}"
