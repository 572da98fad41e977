"""Assistance owns hardship files, aid in money and goods, and the money that leaves for it."""
