"""A table that a platform exported, kept to the byte but for the cells that are filled.

Encoding, byte-order mark, delimiter, quotation marks and line ends stay as found. What
stands in the other cells is the platform's own and goes back to it: it is not touched,
also where it begins like a formula, because by it the platform knows its rows again.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from graders.course import CourseError

MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
# Full-width signs too: a spreadsheet takes them for the usual ones.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula; a number stays one."""
    odd = text.startswith(FORMULA) and not NUMBER.fullmatch(text)
    return f"'{text}" if odd else text


class Sheet:
    """A table of text.

    Args:
        path: The file, for messages.
        data: Its bytes.

    Raises:
        CourseError: If it is no table of text.
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self._mark = next((mark for mark in MARKS if data.startswith(mark)), b"")
        self._encoding = MARKS.get(self._mark, "utf-8")
        try:
            text = data[len(self._mark) :].decode(self._encoding)
        except UnicodeDecodeError:
            hint = "Give the file as it was downloaded, or save it as CSV in UTF-8."
            raise CourseError(f"{path} is no text in UTF-8 or UTF-16. {hint}") from None
        first = re.split(r"[\r\n]", text, maxsplit=1)[0]
        self.delimiter = max(",;\t", key=first.count)
        self._cells: list[list[str]] = []
        self._ends: list[str] = []
        self._parse(text)
        self.rows = [[_value(cell) for cell in row] for row in self._cells]

    @classmethod
    def read(cls, path: Path) -> Sheet:
        """The table in a file.

        Raises:
            CourseError: If it cannot be read, or is no table.
        """
        try:
            return cls(path, path.read_bytes())
        except OSError as error:
            raise CourseError(f"{path} cannot be read: {error.strerror}.") from None

    def _parse(self, text: str) -> None:
        end = re.escape(self.delimiter)
        cell = re.compile(rf'("(?:[^"]|"")*"|[^{end}\r\n]*)({end}|\r\n|\n|\r|\Z)')
        row: list[str] = []
        place = 0
        while place < len(text) or row:
            found = cell.match(text, place)
            if found is None or _is_open(found[1]):
                where = f"{self.path}, row {len(self._cells) + 1}"
                raise CourseError(f"{where}: a quotation mark is not closed.")
            row.append(found[1])
            place = found.end()
            if found[2] != self.delimiter:
                self._cells.append(row)
                self._ends.append(found[2])
                row = []

    def at(self, row: int, column: int) -> str:
        """What stands in a cell; "" beyond the row's end."""
        cells = self.rows[row]
        return cells[column].strip() if column < len(cells) else ""

    def put(self, row: int, column: int, text: str) -> None:
        """Fills a cell, quoted if it was or must be."""
        if self.at(row, column) == text:
            return
        for cells in (self.rows[row], self._cells[row]):
            cells.extend([""] * (column + 1 - len(cells)))
        was = self._cells[row][column]
        needs = any(sign in text for sign in (self.delimiter, '"', "\r", "\n"))
        if was.startswith('"') or needs:
            doubled = text.replace('"', '""')
            self._cells[row][column] = f'"{doubled}"'
        else:
            self._cells[row][column] = text
        self.rows[row][column] = text

    def widen(self) -> int:
        """Adds an empty column at the right; its place."""
        width = max(map(len, self.rows))
        for row, cells in zip(self.rows, self._cells, strict=True):
            if any(row):
                for one in (row, cells):
                    one.extend([""] * (width + 1 - len(one)))
        return width

    def encoded(self) -> bytes:
        """The bytes of the file."""
        lines = zip(self._cells, self._ends, strict=True)
        text = "".join(self.delimiter.join(row) + end for row, end in lines)
        return self._mark + text.encode(self._encoding)


def _value(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if cell.startswith('"') else cell


def _is_open(cell: str) -> bool:
    return cell.startswith('"') and (len(cell) == 1 or not cell.endswith('"'))
