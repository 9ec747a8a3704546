"""Reads a definition's text into a tree with places; it knows the language and no Google API."""
