"""What api and worker agree on. Imports neither of them."""
