"""The text-to-image model shipped with the package, and the code that draws its data, trains it and scores it."""
