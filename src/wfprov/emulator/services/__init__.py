"""Emulated services: what each does that the generic service does not; none knows another."""
