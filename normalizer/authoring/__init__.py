"""What SIEM engineers and their CI use: check, lint, golden cases, diff, explain, scaffolds."""
