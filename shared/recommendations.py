"""What who makes the model and who serves from it must agree on; plain values, so that both can know it."""

# What makes a film a neighbour of another: people who have both, Kinopoisk's word, genres, time and country.
COLLABORATIVE, SIMILAR, CONTENT = range(3)

# Lists that were made are kept in Redis under keys that begin so; the user's id stands between colons in each.
KEPT_LISTS = "kinoshelf:recommendations"

# The chart of all films, beside those of the genres.
OVERALL = 0

# Nobody is recommended a film of this genre.
ADULT = 28

# In SQL, of a row of `film`, whoever asks: without genres it is known too little.
RECOMMENDABLE = f"film.genres <> '{{}}' AND NOT {ADULT} = ANY (film.genres)"

# Score = what the favourites say (0 to 1) + prior + trend. The prior counts the more the less is known of a person:
# PRIOR_LEAST + PRIOR_MORE / (1 + favourites / 2). Told as a part of the highest possible one.
PRIOR_LEAST, PRIOR_MORE, TREND_WEIGHT = 0.1, 0.6, 0.3

# Only the latest favourites speak, each half as loud as the one this many places after it.
FAVOURITES_HEARD, HALF_LIFE = 100, 25
