"""数据库/一张图.qgz: the database as a QGIS project with the sheets of the catalogue as layouts; written without QGIS."""

from pipeline.deliver.qgis.project import PATH, VERSION, write_project

__all__ = ["PATH", "VERSION", "write_project"]
