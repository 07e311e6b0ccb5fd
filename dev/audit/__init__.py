"""What `make audit` does: known holes in the locked packages, secrets among the tracked files, bills of materials."""
