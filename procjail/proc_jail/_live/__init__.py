"""Commands that are running, and the event loops that wait for them."""
