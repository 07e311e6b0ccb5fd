"""What a text would be, had the other keyboard layout been switched on: "ghbdtn" is "привет"."""

_LATIN, _RUSSIAN = "`qwertyuiop[]asdfghjkl;'zxcvbnm,.", "ёйцукенгшщзхъфывапролджэячсмитьбю"

# Tables for str.translate, of letters in lower case.
TO_RUSSIAN, TO_LATIN = str.maketrans(_LATIN, _RUSSIAN), str.maketrans(_RUSSIAN, _LATIN)
