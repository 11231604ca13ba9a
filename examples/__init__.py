"""Sample events, and the program that writes them."""
