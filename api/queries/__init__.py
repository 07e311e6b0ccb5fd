"""The read side: read-only connections, stored documents. Never writes, never enqueues, never upstream."""
