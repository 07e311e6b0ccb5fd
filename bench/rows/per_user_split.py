"""A1 to A3: each user's last favourites in MovieTweetings, found from those before.

A ratio is that of the means of nDCG@10, with its 95 % interval by bootstrap over users. More than 1.45 times popularity
would mean that what is asked for was learnt from.
"""

from bench.figures import Figure, Scale, exactly
from bench.protocol.command_line import LISTED, fitted
from bench.protocol.events import Data
from bench.protocol.judged import absent, at_least, compared, data_in, published
from bench.protocol.metrics import coverage, ndcg, recall
from bench.protocol.references import Shelf, ease, popular
from bench.protocol.splits import Split, per_user

RIDGE = 500


async def measure(scale: Scale) -> list[Figure]:
    data = data_in(scale.movietweetings)
    if data is None:
        return absent(scale.movietweetings)
    split = per_user(data)
    judged = split.judgeable(split.known)
    shelf, asked = Shelf(split.train, split.known), judged.asked
    simple, linear = popular(shelf, judged.told, LISTED), ease(shelf, judged.told, LISTED, RIDGE)
    with fitted(split.train, data.titles) as model:
        ours = model.lists(judged.told)
    covered, theirs = coverage(ours, asked, len(split.known)), coverage(linear, asked, len(split.known))
    return [
        *counts(data, split),
        published("nDCG@10 of popularity", ndcg(simple, asked).mean(), 0.0934),
        published("nDCG@10 of EASE, lambda 500", ndcg(linear, asked).mean(), 0.1086),
        published("Recall@20 of popularity", recall(simple, asked).mean(), 0.2381),
        published("Recall@20 of EASE", recall(linear, asked).mean(), 0.2667),
        compared("A1: nDCG@10 / popularity", ndcg(ours, asked), ndcg(simple, asked), 1.12, 1.45),
        compared("A2: nDCG@10 / EASE", ndcg(ours, asked), ndcg(linear, asked), 0.97),
        at_least("A3: Recall@20", recall(ours, asked).mean(), 0.255),
        at_least("A3: coverage@10", covered, 0.12, f" (EASE {theirs:.3f})"),
        model.speed,
    ]


def counts(data: Data, split: Split) -> list[Figure]:
    favourites = sum(map(len, data.histories.values()))
    return [
        exactly("users", len(data.histories), 3_452),
        exactly("films", len(data.films), 1_714),
        exactly("favourites", favourites, 44_036),
        exactly("favourites learnt from", sum(map(len, split.train.values())), 35_351),
        exactly("favourites asked for", sum(map(len, split.asked.values())), 8_685),
        exactly("films learnt of", len(split.known), 1_712),
    ]
