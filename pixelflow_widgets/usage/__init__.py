"""What a run costs: tokens, seconds, memory, money; estimates and budgets. Nothing is here yet."""
