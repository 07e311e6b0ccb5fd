"""One module a job."""
