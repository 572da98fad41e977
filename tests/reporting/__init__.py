"""Tests of reporting: what is counted, how, and by what."""
