"""The ledger: what a job wrote, what it owns, and its runs. It knows neither Ardoq nor the engine."""
