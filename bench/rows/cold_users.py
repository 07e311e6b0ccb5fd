"""A5: people of MovieTweetings who were not learnt from and tell 1, 2, 3 or 5 of their favourites.

The ratios are those of the means of nDCG@10, with their 95 % intervals by bootstrap over users.
"""

from bench.figures import Figure, Scale
from bench.protocol.command_line import LISTED, Model, fitted
from bench.protocol.judged import absent, compared, data_in, published
from bench.protocol.metrics import ndcg
from bench.protocol.references import Shelf, popular
from bench.protocol.splits import Split, held_out, telling

# Favourites told: what popularity reaches, and how much better it must be.
DEMANDS = {1: (0.0673, 0.97), 2: (0.0714, 0.97), 3: (0.0729, 1.00), 5: (0.0696, 1.08)}


async def measure(scale: Scale) -> list[Figure]:
    data = data_in(scale.movietweetings)
    if data is None:
        return absent(scale.movietweetings)
    split = held_out(data)
    with fitted(split.train, data.titles) as model:
        figures = [figure for told in DEMANDS for figure in measured(model, split, told)]
    return [*figures, Figure("fit and four times recommend", f"{model.seconds:.0f} s")]


def measured(model: Model, split: Split, told: int) -> list[Figure]:
    reached, least = DEMANDS[told]
    judged = telling(split, told).judgeable(split.known)
    simple = ndcg(popular(Shelf(split.train, split.known), judged.told, LISTED), judged.asked)
    ours = ndcg(model.lists(judged.told), judged.asked)
    return [
        published(f"C({told}), {len(judged.asked)} users: nDCG@10 of popularity", simple.mean(), reached),
        compared(f"A5: C({told}): nDCG@10 / popularity", ours, simple, least),
    ]
