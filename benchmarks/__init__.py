"""Speed and memory, against the project's aims."""
