"""Jobs: their rows, the queue, who runs them, what is told of them, and the files that they take and give."""
