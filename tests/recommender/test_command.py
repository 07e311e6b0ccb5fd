"""The rebuild of recommendations as a process: what it publishes, what it says, and what it survives."""

from tests.recommender.conftest import Command, Shelf


async def test_what_people_have_together_becomes_neighbours(shelf: Shelf, command: Command) -> None:
    await shelf.films(1, 2, 3, 4)
    await shelf.people(*[[1, 2]] * 6, *[[3, 4]] * 6)
    assert (await command.run())[0] == 0
    assert [set(await shelf.neighbours(film)) for film in (1, 2, 3, 4)] == [{2}, {1}, {4}, {3}]


async def test_a_model_is_built_when_all_of_it_was(shelf: Shelf, command: Command) -> None:
    await shelf.films(1, 2, 3, 4)
    await shelf.people(*[[1, 2]] * 6)
    await command.run()
    before = await shelf.model()
    await shelf.people(*[[1, 2, 3]] * 3, first=100)
    assert (await command.run("--changed"))[0] == 0
    after = await shelf.model()
    assert (after["built_at"], after["users"]) == (before["built_at"], 9)
    assert after["version"] > before["version"]
