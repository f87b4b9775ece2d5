"""Measured claims: every table is printed by a command in here."""
