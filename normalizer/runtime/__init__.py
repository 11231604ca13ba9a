"""What happens to an event: decode ▶ validate ▶ the function of its type ▶ validate ▶ JSON; one by one or by workers."""
