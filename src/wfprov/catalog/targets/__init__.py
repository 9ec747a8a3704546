"""One module for each kind of target; they do not know each other."""
