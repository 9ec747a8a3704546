"""A Google Cloud control plane on loopback that keeps state, checks IAM and can be made to fail.

It knows Google's discovery documents, protos and role definitions; it may not
know anything that wfprov's own catalog or planner believes, so that it stays
an independent witness.

A source address carries the date on which it was read, or `not opened` where
the fact was written from knowledge and is still to be checked there.
"""
