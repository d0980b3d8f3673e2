"""What a notebook cell shows: traits and messages, nothing else."""
