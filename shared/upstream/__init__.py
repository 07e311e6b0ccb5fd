"""May Kinopoisk be asked: ledger of calls, daily budget, gate, rate. Knows nothing of what is asked."""
