"""The flow: its document, the operations on it, what is wrong with it, and the file it lives in."""
