"""The one way in which these tests say that a value is refused."""

import traceback
from collections.abc import Callable

import pytest

from shared.standards.invalid import Invalid


def assert_refused(parse: Callable[[str], object], text: str, code: str) -> None:
    """Checks the code, and that neither sentence nor the printed error repeats a value of some length."""
    with pytest.raises(Invalid) as caught:
        parse(text)
    refused = caught.value
    assert refused.code == code
    assert refused.zh
    assert refused.en
    printed = "".join(traceback.format_exception_only(refused))
    if len(text.strip()) > 5:
        assert text.strip() not in printed
