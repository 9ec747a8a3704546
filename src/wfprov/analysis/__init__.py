"""Follows values through a definition to its outbound calls; it knows no Google API."""
