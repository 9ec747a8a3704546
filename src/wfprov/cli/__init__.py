"""The command line: reads arguments, calls a use case, renders, and turns the end into a code."""
