"""What a user reads: values in, text and JSON out; it decides nothing and reads no file."""
