"""What is known of this machine and done to it: its engine, packages, files, locks and authorities. Knows no stack."""
