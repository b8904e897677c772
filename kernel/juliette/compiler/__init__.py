"""Juliette: Julia code, run by Python."""
