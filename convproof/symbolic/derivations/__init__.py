"""One module per topic: which steps lead from the definition to the formula. The engine is in the rooms above."""
