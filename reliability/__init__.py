"""What the server and its tests stand: hours of readers, faults, mutants. See docs/reliability.md."""
