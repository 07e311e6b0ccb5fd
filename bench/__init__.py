"""Figures of the running service: real processes, real servers, the sandbox as upstream; all on loopback."""
