"""The command line: proc-jail."""
