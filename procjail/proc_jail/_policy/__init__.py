"""Policies, as their owner wrote them and as their rules describe them."""
