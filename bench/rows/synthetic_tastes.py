"""A15: 3,000 made-up people of three tastes each over 2,000 films; each one's last favourites, found from the rest.

What counts together without weighing it passes on MovieTweetings and fails here. The ratios are those of the means of
nDCG@10, with their 95 % intervals by bootstrap over users.
"""

from bench.figures import Figure, Scale
from bench.protocol.command_line import LISTED, fitted
from bench.protocol.events import synthetic
from bench.protocol.judged import compared, published
from bench.protocol.metrics import ndcg
from bench.protocol.references import Shelf, ease, popular
from bench.protocol.splits import per_user

RIDGE = 250


async def measure(_scale: Scale) -> list[Figure]:
    data = synthetic()
    split = per_user(data)
    judged = split.judgeable(split.known)
    shelf, asked = Shelf(split.train, split.known), judged.asked
    simple = ndcg(popular(shelf, judged.told, LISTED), asked)
    linear = ndcg(ease(shelf, judged.told, LISTED, RIDGE), asked)
    with fitted(split.train, data.titles) as model:
        ours = ndcg(model.lists(judged.told), asked)
    return [
        published("nDCG@10 of popularity", simple.mean(), 0.0654),
        published("nDCG@10 of EASE, lambda 250", linear.mean(), 0.1547),
        compared("A15: nDCG@10 / popularity", ours, simple, 1.9),
        compared("A15: nDCG@10 / EASE", ours, linear, 0.87),
        model.figure,
    ]
