"""Faults put into the real server, one after the other, and what is seen of it from outside."""
