"""Carries out exactly a plan, over ports, and says what was done and what was not."""
