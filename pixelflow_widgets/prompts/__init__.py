"""Words for models: tokens, weights of words, templates. Nothing is here yet."""
