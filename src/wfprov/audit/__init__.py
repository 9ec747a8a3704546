"""Decides what is wrong with live access, from values alone; it reads nothing itself."""
