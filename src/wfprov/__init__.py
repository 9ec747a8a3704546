"""wfprov: provisions Google Cloud Workflows with exactly the access they need."""

__version__ = "0.1.0"
