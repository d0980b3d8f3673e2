"""Teaching a model: dataset, training loop, checkpoints. Nothing is here yet."""
