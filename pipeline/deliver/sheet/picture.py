"""A picture on the page: pixel for pixel on the raster, one JPEG in the PDF."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.transforms import Affine2D
from numpy.typing import NDArray
from PIL import Image
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.generic import DictionaryObject, IndirectObject, NameObject, NumberObject, StreamObject

# Pale pictures under a drawing show no loss at this quality, and half the chroma is enough for them.
_QUALITY = 80
_MARK = np.array([[[1, 2, 3, 255]]], dtype=np.uint8)


class Picture(Artist):
    """Bytes of red, green and blue on whole pixels of the sheet.

    matplotlib would resample it for the raster and pack it losslessly into the PDF, at twenty times the size: the
    raster takes it as it is, and the PDF gets a pixel in its place, which `embed_pictures` replaces.
    """

    def __init__(self, pixels: NDArray[np.uint8], left: int, bottom: int, dpi: float) -> None:
        super().__init__()
        self.pixels, self.left, self.bottom, self.dpi = pixels, left, bottom, dpi

    def draw(self, renderer: Any) -> None:
        """Draw it with the renderer of the raster or of the PDF."""
        gc = renderer.new_gc()
        gc.set_clip_rectangle(self.get_clip_box())
        rows, columns = self.pixels.shape[:2]
        if renderer.option_scale_image():  # a PDF places an image by a transform, in points
            point = self.figure.dpi / self.dpi
            size = Affine2D().scale(columns * point, rows * point)
            renderer.draw_image(gc, self.left * point, self.bottom * point, _MARK, size)
        else:
            opaque = np.full((rows, columns, 4), 255, dtype=np.uint8)
            opaque[:, :, :3] = self.pixels[::-1]  # a renderer takes rows from the bottom up
            renderer.draw_image(gc, self.left, self.bottom, opaque)
        gc.restore()


def embed_pictures(pdf: bytes, pictures: Sequence[Picture]) -> bytes:
    """Return a page with its placeholders replaced by the pictures, in the order they were drawn."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(pdf)))
    page = writer.pages[0]
    for name, picture in zip(take_pictures(page), pictures, strict=True):
        rows, columns = picture.pixels.shape[:2]
        image = StreamObject()
        image.set_data(_compress(picture.pixels))
        image.update(
            {
                NameObject("/Type"): NameObject("/XObject"), NameObject("/Subtype"): NameObject("/Image"),
                NameObject("/Width"): NumberObject(columns), NameObject("/Height"): NumberObject(rows),
                NameObject("/ColorSpace"): NameObject("/DeviceRGB"), NameObject("/BitsPerComponent"): NumberObject(8),
                NameObject("/Filter"): NameObject("/DCTDecode"),
            }
        )  # fmt: skip
        _shown(page)[NameObject(name)] = writer._add_object(image)
    buffer = io.BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _shown(page: PageObject) -> DictionaryObject:
    """Return the table of images and forms of a page."""
    resources = page.get("/Resources", DictionaryObject()).get_object()
    return resources.get("/XObject", DictionaryObject()).get_object()


def take_pictures(page: PageObject) -> dict[str, StreamObject]:
    """Take the pictures off a page and return them by name, in the order they were drawn."""
    table = _shown(page)
    found = {name: item.get_object() for name, item in table.items()}
    images = {name: item for name, item in found.items() if item["/Subtype"] == "/Image"}
    for name in images:
        del table[name]
    return images


class Shelf:
    """The pictures of a book, each held once: sheets of one extent show the same, and it outweighs the drawing."""

    def __init__(self, writer: PdfWriter) -> None:
        self._writer = writer
        self._known: dict[bytes, IndirectObject] = {}

    def append(self, reader: PdfReader) -> None:
        """Append a document of one page."""
        taken = take_pictures(reader.pages[0])
        self._writer.append(reader, import_outline=False)
        for name, image in taken.items():
            mark = hashlib.sha256(image._data).digest()
            if mark not in self._known:
                own = StreamObject()
                own.set_data(image._data)
                own.update({key: value for key, value in image.items() if key != "/Length"})
                self._known[mark] = self._writer._add_object(own)
            _shown(self._writer.pages[-1])[NameObject(name)] = self._known[mark]


_packed: dict[int, tuple[NDArray[np.uint8], bytes]] = {}


def _compress(pixels: NDArray[np.uint8]) -> bytes:
    """Return a picture as JPEG; that of the last picture is kept, which the next sheet often shares."""
    known = _packed.get(id(pixels))
    if known is None or known[0] is not pixels:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "JPEG", quality=_QUALITY)
        _packed.clear()
        known = _packed[id(pixels)] = (pixels, buffer.getvalue())
    return known[1]
