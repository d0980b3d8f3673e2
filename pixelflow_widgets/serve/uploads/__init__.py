"""Media from outside: how large they may be, and what they are, by their own heads."""
