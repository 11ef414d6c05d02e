"""Commands that run, the event loops that wait for them, and signals."""
