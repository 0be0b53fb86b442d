"""One verb a file: what a command does, read as its table of contents. Wires the floors below, decides nothing."""
