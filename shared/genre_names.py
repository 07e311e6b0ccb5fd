"""Which genre somebody means who types its name, in Russian or English, well or badly."""

from difflib import get_close_matches

from shared.genres import GENRES, Genre
from shared.keyboard import TO_LATIN, TO_RUSSIAN
from shared.recommendations import ADULT
from shared.search_names import normalise

# Genres that can be asked for, by Russian name.
ASKABLE = tuple(sorted((genre for genre in GENRES if genre.id != ADULT), key=lambda genre: genre.name_ru.casefold()))

# Other usual names, beside the slug and the two names that each genre has.
_ALIASES = {
    "action": "экшен, экшн",
    "animation": "cartoon, cartoons, мультик, мультики, мультфильмы, анимация",
    "biography": "biopic, байопик",
    "crime": "криминальный",
    "documentary": "документалка, документальное кино",
    "family": "для всей семьи",
    "fantasy": "фентези",
    "film-noir": "noir, нуар",
    "history": "historical, исторический",
    "horror": "хоррор, ужастик",
    "kids": "children, для детей",
    "music": "музыкальный",
    "mystery": "detective, детективный",
    "romance": "melodrama, romantic",
    "reality-tv": "reality, reality show, реалити, реалити-шоу",
    "sci-fi": "science fiction, scifi, sf, научная фантастика",
    "short": "short film, короткометражный",
    "sport": "sports, спортивный",
    "talk-show": "talkshow",
    "war": "война, военное кино",
}

# By their names as `normalise` leaves them: lower case, ё as е, one space for whatever stands between words.
_MEANT = {
    normalise(name): genre
    for genre in ASKABLE
    for name in (genre.slug, genre.name_ru, str(genre.name_en), *_ALIASES.get(genre.slug, "").split(", "))
    if name
}

# How much of a misspelt name must be right, as difflib reckons: "камидия" is a comedy, "корова" is nothing.
_LIKENESS = 0.7


def genre_meant(typed: str) -> Genre | None:
    """The genre of this slug or name, in any case, with "_" or spaces for "-". None also for films for adults."""
    return _MEANT.get(normalise(typed))


def nearest(typed: str) -> Genre | None:
    """The genre that was perhaps meant: a misspelt name, or one typed with the other keyboard layout."""
    lower = typed.lower()
    layouts = [normalise(text) for text in (lower, lower.translate(TO_RUSSIAN), lower.translate(TO_LATIN))]
    for text in layouts:
        if text in _MEANT:
            return _MEANT[text]
    near = (get_close_matches(text, _MEANT, n=1, cutoff=_LIKENESS) for text in layouts)
    return next((_MEANT[name] for names in near for name in names), None)
