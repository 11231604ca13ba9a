"""Detection rules. All rules and queries here are invented."""
