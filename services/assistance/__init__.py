"""Assistance owns hardship files, aid, mutual-aid insurance and the money that leaves for them."""
