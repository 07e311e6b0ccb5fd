"""A4: what people of MovieTweetings liked from one moment on, found from all before it, with the trend of that moment.

The ratio is that of the means of nDCG@10, with its 95 % interval by bootstrap over users.
"""

from bench.figures import Figure, Scale, exactly
from bench.protocol.command_line import LISTED, fitted
from bench.protocol.judged import absent, compared, data_in, published
from bench.protocol.metrics import ndcg
from bench.protocol.references import Shelf, ease, popular
from bench.protocol.splits import per_moment

RIDGE = 500


async def measure(scale: Scale) -> list[Figure]:
    data = data_in(scale.movietweetings)
    if data is None:
        return absent(scale.movietweetings)
    split, moment = per_moment(data)
    judged = split.judgeable(split.known)
    shelf, asked = Shelf(split.train, split.known), judged.asked
    simple, linear = popular(shelf, judged.told, LISTED), ease(shelf, judged.told, LISTED, RIDGE)
    with fitted(split.train, data.titles, "--as-of", str(moment)) as model:
        ours = model.lists(judged.told)
    return [
        exactly("users", len(asked), 2_067),
        published("nDCG@10 of popularity", ndcg(simple, asked).mean(), 0.0774),
        published("nDCG@10 of EASE, lambda 500", ndcg(linear, asked).mean(), 0.0804),
        compared("A4: nDCG@10 / popularity of all time", ndcg(ours, asked), ndcg(simple, asked), 1.20),
        model.figure,
    ]
