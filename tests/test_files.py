"""The notebook that was meant is found among what was handed in."""

import io
import os
import zipfile

import pytest

from graders import files


def folder_of(tmp_path, *names):
    """A folder of files, the first of which was saved last."""
    for age, name in enumerate(reversed(names)):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
        os.utime(path, (1000 + age, 1000 + age))
    return tmp_path


def zip_of(path, **members):
    """A zip; `__` in a name stands for the dot before its ending."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(name.replace("__", "."), data)
    return path.parent


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["notes.ipynb", "double.ipynb"], "double.ipynb"),
        (["double (1).ipynb", "notes.ipynb"], "double (1).ipynb"),
        (["37_late_Double-2.ipynb", "notes.ipynb"], "37_late_Double-2.ipynb"),
        (["double (2).ipynb", "double (1).ipynb"], "double (2).ipynb"),
        (["homework.ipynb"], "homework.ipynb"),
        (["notes.ipynb", "a/b/double.ipynb"], "a/b/double.ipynb"),
        ([".ipynb_checkpoints/double.ipynb", "double.ipynb"], "double.ipynb"),
    ],
)
def test_the_notebook_that_was_meant_is_chosen(tmp_path, names, chosen):
    assert files.choose(folder_of(tmp_path, *names), "double").name == chosen


def test_a_link_is_not_followed(tmp_path):
    folder = folder_of(tmp_path / "mine", "double (1).ipynb")
    folder_of(tmp_path / "other", "double.ipynb")
    (folder / "double.ipynb").symlink_to(tmp_path / "other" / "double.ipynb")
    (folder / "a").symlink_to(tmp_path / "other")
    assert files.choose(folder, "double").name == "double (1).ipynb"


def test_a_folder_without_a_notebook_is_refused_and_says_what_there_is(tmp_path):
    folder = folder_of(tmp_path, "double.py", "c\n", "z")
    words = (
        r"There is no double\.ipynb in the submitted folder, only c\? and double\.py"
    )
    with pytest.raises(files.Unreadable, match=words):
        files.choose(folder, "double")


def test_a_notebook_in_a_zip_is_read_where_it_lies(tmp_path):
    folder = zip_of(tmp_path / "mine.zip", double__ipynb="[1]", notes__ipynb="[2]")
    found = files.choose(folder, "double")
    assert found.name == "mine.zip/double.ipynb"
    assert files.read(found.path) == b"[1]"
    assert files.read(files.at(folder, found.name)) == b"[1]"
    assert os.listdir(tmp_path) == ["mine.zip"]


def test_a_folder_called_like_a_zip_is_a_folder(tmp_path):
    folder = folder_of(tmp_path, "mine.zip/double.ipynb")
    found = files.choose(folder, "double")
    assert files.read(files.at(folder, found.name)) == b"{}"


def test_a_zip_that_leads_out_leads_nowhere(tmp_path):
    out = {"../../out__ipynb": "[1]", "/tmp/out__ipynb": "[2]"}
    found = files.choose(zip_of(tmp_path / "mine.zip", **out), "out")
    assert files.read(found.path) in (b"[1]", b"[2]", b"")
    assert os.listdir(tmp_path) == ["mine.zip"]


def test_of_a_zip_without_end_only_the_beginning_is_read(tmp_path):
    folder = zip_of(tmp_path / "mine.zip", double__ipynb=bytes(1 << 27))
    assert (tmp_path / "mine.zip").stat().st_size < 1 << 20
    found = files.choose(folder, "double")
    assert len(files.read(found.path)) == files.LARGEST + 1


@pytest.mark.parametrize("data", [b"", b"no zip", b"PK\5\6" + bytes(18)[:9]])
def test_what_is_no_zip_holds_no_notebook(tmp_path, data):
    (tmp_path / "mine.zip").write_bytes(data)
    with pytest.raises(files.Unreadable, match=r"only mine\.zip"):
        files.choose(tmp_path, "double")


def test_a_zip_with_damaged_members_is_refused_in_a_sentence(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as made:
        made.writestr("double.ipynb", "x" * 1000)
    (tmp_path / "mine.zip").write_bytes(stream.getvalue().replace(b"xx", b"yx", 1))
    found = files.choose(tmp_path, "double")
    with pytest.raises(files.Unreadable, match="damaged or locked"):
        files.read(found.path)
    assert files.sha256(found.path) == ""


def test_a_file_that_cannot_be_opened_has_no_digest(tmp_path):
    assert files.sha256(tmp_path / "double.ipynb") == ""
