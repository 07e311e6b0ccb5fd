"""Files and arguments that bench.recommend refuses: one sentence, exit code 2, before any server is started."""

from pathlib import Path

import pytest

from bench import recommend

LIKED = "user,film,timestamp\n"
FILMS = "film,title,year,genres\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "must begin with the line user,film,timestamp"),
        ("user,movie,timestamp\n", "must begin with the line user,film,timestamp"),
        (f"{LIKED}anna,301\n", "line 2: there must be 3 values"),
        (f"{LIKED}anna,301,1,2\n", "line 2: there must be 3 values"),
        (f"{LIKED}anna,301,yesterday\n", "line 2: the timestamp must be a number"),
        (f"{LIKED}anna,301,nan\n", "line 2: the timestamp must be a number"),
        (f"{LIKED}anna,301,1e18\n", "line 2: the timestamp must be a number"),
        (f"{LIKED}anna,,1\n", "line 2: the user and the film must not be empty"),
        (f'{LIKED}anna,"30"1,1\n', "line 2: this is no CSV"),
    ],
)
def test_interactions(text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert said in refused(["fit", "--interactions", written(tmp_path, text), "--model", f"{tmp_path}/m"], capsys)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("film,title\n", "must begin with the line film,title,year,genres"),
        (f"{FILMS}301,Матрица,MCMXCIX,\n", "line 2: the year must be a number or empty"),
        (f"{FILMS},Матрица,1999,\n", "line 2: the film must not be empty"),
    ],
)
def test_films(text: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    interactions = written(tmp_path, f"{LIKED}anna,301,1\n")
    films = written(tmp_path, text, "films.csv")
    arguments = ["fit", "--interactions", interactions, "--films", films, "--model", f"{tmp_path}/m"]
    assert said in refused(arguments, capsys)


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["fit", "--interactions", f"{tmp_path}/none.csv", "--model", f"{tmp_path}/m"]
    assert "none.csv cannot be read: No such file or directory" in refused(arguments, capsys)


def test_a_file_that_is_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "given.csv").write_bytes(LIKED.encode() + b"\xff,301,1\n")
    arguments = ["fit", "--interactions", f"{tmp_path}/given.csv", "--model", f"{tmp_path}/m"]
    assert "is not UTF-8 text" in refused(arguments, capsys)


def test_a_folder_without_a_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    favourites = written(tmp_path, LIKED)
    arguments = ["recommend", "--model", str(tmp_path), "--favourites", favourites, "--out", f"{tmp_path}/out.csv"]
    assert "holds no model" in refused(arguments, capsys)


def test_a_model_of_another_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "meta.json").write_text('{"format": 0}')
    (tmp_path / "films.json").write_text("[]")
    favourites = written(tmp_path, LIKED)
    arguments = ["recommend", "--model", str(tmp_path), "--favourites", favourites, "--out", f"{tmp_path}/out.csv"]
    assert "was made by another version" in refused(arguments, capsys)


@pytest.mark.parametrize("count", ["0", "-1", "many", "1.5", "100000"])
def test_a_number_of_films_that_is_none(count: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        recommend.main(["recommend", "--model", "m", "--favourites", "f", "--out", "o", "--n", count])
    assert "--n: must be a number from 1 to 1000" in capsys.readouterr().err


@pytest.mark.parametrize("moment", ["now", "nan", "inf", "1e300"])
def test_a_moment_that_is_none(moment: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        recommend.main(["fit", "--interactions", "i", "--model", "m", "--as-of", moment])
    assert "--as-of: must be a number" in capsys.readouterr().err


def written(folder: Path, text: str, name: str = "given.csv") -> str:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return str(file)


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence."""
    assert recommend.main(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said
