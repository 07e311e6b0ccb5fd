"""A6: only 100 users of MovieTweetings to learn from, and people who were not among them tell all their favourites.

The ratio is that of the means of nDCG@10, with its 95 % interval by bootstrap over users.
"""

from bench.figures import Figure, Scale, exactly
from bench.protocol.command_line import LISTED, fitted
from bench.protocol.judged import absent, compared, data_in, published
from bench.protocol.metrics import ndcg
from bench.protocol.references import Shelf, popular
from bench.protocol.splits import launch


async def measure(scale: Scale) -> list[Figure]:
    data = data_in(scale.movietweetings)
    if data is None:
        return absent(scale.movietweetings)
    split = launch(data)
    judged = split.judgeable(data.films)
    simple = ndcg(popular(Shelf(split.train, data.films), judged.told, LISTED), judged.asked)
    with fitted(split.train, data.titles) as model:
        ours = ndcg(model.lists(judged.told), judged.asked)
    return [
        exactly("users learnt from", len(split.train), 100),
        published(f"{len(judged.asked)} users: nDCG@10 of popularity", simple.mean(), 0.0763),
        compared("A6: nDCG@10 / popularity", ours, simple, 1.03),
        model.figure,
    ]
