"""How decided changes become writes: pending writes, and who sends them."""
