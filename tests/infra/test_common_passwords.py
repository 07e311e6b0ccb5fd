"""Which passwords are tried first.

The package zxcvbn brings the list that ours was made from. To count what of it is let through (none of 11,611):

    pip install --target .zxcvbn zxcvbn==4.5.0
    PYTHONPATH=.zxcvbn .venv/bin/python -c "from zxcvbn.frequency_lists import FREQUENCY_LISTS as lists; \\
        from api.passwords import objection; listed = [each for each in lists['passwords'] if len(each) >= 8]; \\
        print(len(listed), sum(objection(each) is None for each in listed))"
"""

import time

import pytest

from api import common_passwords
from api.common_passwords import is_common
from api.passwords import objection

COMMON = """
12345678 123456789 1234567890 87654321 11111111 123123123 12341234 12344321 abcd1234 abc12345 1a2b3c4d aaaaaaaa
password Password password1 Password123 Password123! P@ssw0rd p@$$w0rd passw0rd1 drowssap passwordpassword my-password
qwerty123 qwertyuiop qwerty12345 1q2w3e4r 1qaz2wsx zaq12wsx qazwsxedc asdfghjkl zxcvbnm123 qweasdzxc 147258369
iloveyou iloveyou2 letmein1 welcome1 Welcome2024! admin123 administrator superman batman123 football baseball1
sunshine princess monkey123 dragon12 trustno1 starwars whatever michael1 jennifer liverpool 19901990 01011990 31121999
20001231 summer2024 Summer2026! 11223344 пароль123 йцукенгш любовь2020 наташа1990 gfhjkm123 ghbdtn123 солнышко
kinopoisk Kinoshelf1 qwerty-qwerty -------- ******** -=-=-=-= ....____
"""
UNCOMMON = [
    "correct horse battery staple",
    "another horse, another staple",
    "café au lait",
    "Tr0ub4dor&3",
    "x7Gk!pq2Zv",
    "8371946205",
    "mdfkqhgz",
    "зелёный ёжик бежит",
    "kanarienvogel battery staple",
    "тридцать три коровы",
    "sunset tiger coffee",
]


@pytest.mark.parametrize("password", COMMON.split())
def test_what_is_tried_first_is_known(password: str) -> None:
    assert is_common(password)


@pytest.mark.parametrize("password", UNCOMMON)
def test_what_has_to_be_searched_for_is_not(password: str) -> None:
    assert not is_common(password)


@pytest.mark.parametrize("password", ["trixie2020", "TRIXIE12", "trixietrixie", "trixie_trixie", "qwertytrixie"])
def test_the_username_makes_nothing_less_common(password: str) -> None:
    assert is_common(password, "Trixie")
    assert not is_common("trixie and three horses", "Trixie")


@pytest.mark.parametrize("password", ["Trixie.Lindgren", "trixie.lindgren", "ｔｒｉｘｉｅ．ｌｉｎｄｇｒｅｎ"])
def test_the_username_itself_is_refused_however_it_is_typed(password: str) -> None:
    assert objection(password, "trixie.lindgren") == "must not be the username"


@pytest.mark.parametrize(
    "kind", ["mdfkqhgz", "8371946205", "KR7TX2VW", "&)%;|]}<", "жмшъдюцр", "k v z w q j", "🎬🍿🎥📽🎞🎭🎫🎟"]
)
def test_no_kind_of_letter_is_asked_for(kind: str) -> None:
    """A rule for what a password is made of makes people choose worse ones (NIST SP 800-63B-4, 3.1.1.2)."""
    assert objection(kind) is None


@pytest.mark.parametrize(
    "password",
    ["ab" * 64, "a" * 127 + "!", "abcabc" * 20 + "#", "qwertyuiop" * 12, "1" * 60 + "x" * 60, "passw" * 25],
)
def test_no_password_takes_long_to_judge(password: str) -> None:
    started = time.process_time()
    is_common(password, "ab")
    assert time.process_time() - started < 0.5


# Stolen often, and made by no rule of ours.
STOLEN = "bigdaddy rolltide Cheyenne billybob tarheels defender longhorn sweetpea aardvark Hong.Kong srinivas"


@pytest.mark.parametrize("password", STOLEN.split())
def test_what_was_stolen_often_is_known(password: str) -> None:
    assert is_common(password)


def test_the_list_has_only_what_can_be_typed_and_what_the_rules_leave() -> None:
    stolen = common_passwords.STOLEN.split()
    needless = [each for each in stolen if each != each.casefold() or common_passwords.is_made_by_rule(each)]
    assert (len(stolen) > 7_000, needless) == (True, [])
