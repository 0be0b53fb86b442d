"""Frozen types that every floor shares. Standard library only, no behaviour beyond what a value can say of itself."""
