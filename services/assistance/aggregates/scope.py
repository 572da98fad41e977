"""Whose money and goods are for whom: those of an organisation serve itself and all below it."""

from shared.rules.context import Context

ORGANISATIONS_ABOVE = "organisations_above"
"""The fact that tells which organisations lie above the one that a command's money or goods are for."""


def serves(owner_id: str, user_id: str, context: Context) -> bool:
    """Whether what one organisation owns is for another's use; not for one that nobody has heard of.

    Source: design, section 9.
    """
    return owner_id == user_id or owner_id in (context.fact(ORGANISATIONS_ABOVE) or ())
