"""The command ``haoshequ``. Heavy packages load inside the commands, so that help answers at once."""

from pipeline.cli.app import main

__all__ = ["main"]
