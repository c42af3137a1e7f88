"""PDFs as they are on disk: size of each page, and its words without what is drawn besides."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import DecodedStreamObject, NameObject

from pipeline.audit.findings import UnreadableError

_POINT_MM = 25.4 / 72
_TEXTS = re.compile(rb"\bBT\b.*?\bET\b", re.DOTALL)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep pypdf's remarks off the console: what of a file matters, the checks say."""
    logger = logging.getLogger("pypdf")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


class Pages:
    """The pages of a PDF, counted from 0; each is read once."""

    def __init__(self, reader: PdfReader, name: str) -> None:
        self._reader, self._name = reader, name
        self._lines: dict[int, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self._reader.pages)

    def list_sizes(self) -> list[tuple[float, float]]:
        """Return width and height of each page in mm."""
        boxes = [page.mediabox for page in self._reader.pages]
        return [(float(box.width) * _POINT_MM, float(box.height) * _POINT_MM) for box in boxes]

    def read_lines(self, index: int) -> tuple[str, ...]:
        """Return the words of a page, a line each; what is drawn besides is skipped, which is most of a map."""
        if index not in self._lines:
            self._lines[index] = self._read(index)
        return self._lines[index]

    def read_words(self, index: int) -> str:
        """Return the words of a page in one piece without spaces."""
        return re.sub(r"\s+", "", "".join(self.read_lines(index)))

    def _read(self, index: int) -> tuple[str, ...]:
        try:
            with warnings.catch_warnings(), _quiet():
                warnings.simplefilter("ignore")
                page = self._reader.pages[index]
                contents = page.get_contents()
                if contents is None:
                    return ()
                stream = DecodedStreamObject()
                # Every text far below the one before: else neighbours on a line are read as one word.
                stream.set_data(
                    b"\n".join(
                        b"q 1 0 0 1 0 %d cm\n%b\nQ" % (-2000 * at, block)
                        for at, block in enumerate(_TEXTS.findall(contents.get_data()))
                    )
                )
                page[NameObject("/Contents")] = stream
                return tuple(page.extract_text().splitlines())
        except (PyPdfError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise UnreadableError(self._name, f"第 {index + 1} 页不能读取") from error


def read_pdf(path: Path, name: str) -> Pages:
    """Open a PDF.

    Raises
    ------
    UnreadableError
        When it is none, or is damaged.
    """
    try:
        with _quiet():
            reader = PdfReader(path)
            len(reader.pages)
    except (PyPdfError, OSError, ValueError, KeyError) as error:
        raise UnreadableError(name, "不是可以打开的 PDF，或已损坏") from error
    return Pages(reader, name)
