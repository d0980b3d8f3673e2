"""Words that a model knows already, and that therefore can stand for nothing new."""

from __future__ import annotations

_WORDS = """
a an the and of in on with at by for from to this that it is
photo photograph picture image painting drawing sketch illustration art artwork render portrait poster logo icon
style film anime cartoon comic watercolor pixel
man woman boy girl person people child baby guy lady king queen friend face hand eye hair
dog cat puppy kitten horse bird fish cow sheep lion tiger bear wolf fox rabbit mouse frog dragon monster animal pet
red green blue yellow orange purple pink brown black white grey gray gold silver color colour
circle square triangle star heart cross ring moon crescent diamond shape line dot cube ball box
big small large little tiny huge old new young happy sad beautiful pretty cute cool nice best
house home room door window table chair bed lamp car bike bus train plane boat ship road street city town
tree flower grass leaf forest mountain river lake sea beach sky cloud sun rain snow fire water stone rock
bottle cup glass plate bowl bag shoe shirt dress hat watch phone book pen toy robot food cake apple bread coffee tea
background scene light dark night day summer winter spring autumn
subject object thing concept character product brand trigger word name my your
"""
ORDINARY = frozenset(_WORDS.split())
