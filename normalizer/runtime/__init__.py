"""What happens to an event: decode ▶ validate ▶ the function of its type ▶ validate ▶ JSON; alone or by workers."""
