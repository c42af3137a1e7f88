"""A table as it was looked at: its coordinates and the layers it may feed."""

from __future__ import annotations

from dataclasses import dataclass

from layers.ground import Ground
from layers.model import Layer, Shape
from layers.read.contents import Part
from layers.read.guess import LayerGuess, guess_layers
from layers.read.points import Points, guess_points
from pipeline.begin.coords import Reading, read_points, read_shapes
from pipeline.begin.fields import LAYERS

ACCEPT = 0.45  # a table is mapped where a layer fits at least this well


@dataclass(frozen=True, eq=False)
class Reviewed:
    """A part with what was guessed of it."""

    part: Part
    points: Points | None
    ranks: tuple[LayerGuess, ...]

    @property
    def shape(self) -> Shape | None:
        """Kind of the places its rows have."""
        return self.part.shape or ("point" if self.points else None)

    @property
    def names(self) -> tuple[str, ...]:
        """What the data are called, most telling first."""
        return name_part(self.part)

    @property
    def spoken_for(self) -> tuple[str, ...]:
        """Columns that are coordinates."""
        return (self.points.x, self.points.y) if self.points else ()

    @property
    def best(self) -> LayerGuess | None:
        """The likeliest layer."""
        return self.ranks[0] if self.ranks else None

    @property
    def score(self) -> float:
        """How well it fits."""
        return self.ranks[0].score if self.ranks else 0.0

    def is_a(self, layer: type[Layer]) -> bool:
        """Whether the layer is the likeliest."""
        return self.best is not None and self.best.layer is layer and self.score >= ACCEPT

    def locate(self, *, ground: Ground | None) -> Reading | None:
        """Return how its coordinates are to be read by what other files know, None where it has none."""
        if self.part.geometry is not None:
            return read_shapes(self.part, ground=ground)
        return read_points(self.points, ground=ground) if self.points else None


def name_part(part: Part) -> tuple[str, ...]:
    """Return layer or sheet, file and folder, as far as they have names."""
    return tuple(filter(None, (part.layer, part.path.stem, part.path.parent.name)))


def review_part(part: Part) -> Reviewed:
    """Find the coordinate columns of a table and rank the layers it may feed."""
    points = guess_points(part.table) if part.geometry is None else None
    skip = (points.x, points.y) if points else ()
    # A table with coordinates may be a layer of points, or a ledger that happens to have them.
    shapes: tuple[Shape | None, ...] = ("point", None) if points else (part.shape,)
    found = [
        guess
        for shape in shapes
        for guess in guess_layers(part.table, LAYERS, shape=shape, names=name_part(part), skip=skip)
    ]
    best = {guess.layer: guess for guess in sorted(found, key=lambda guess: guess.score)}
    order = {layer: at for at, layer in enumerate(LAYERS)}
    ranks = tuple(sorted(best.values(), key=lambda guess: (-guess.score, order[guess.layer])))
    return Reviewed(part, points, ranks)
