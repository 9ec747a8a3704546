"""The use cases, one a file: each joins the layers for one command; wiring alone picks adapters."""
