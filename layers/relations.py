"""Which delivered layer's rows name rows of which other: the relations of the one-map database."""

from __future__ import annotations

from dataclasses import dataclass

from layers.model import Column, Layer
from layers.planned import Business, Need, PlannedParcel, Project, Resource, Site
from layers.reachable import Sharing
from layers.sites import NetworkSite
from layers.source import Facility, Identified, Parcel

JOINT = "、"  # between several ids in one cell


@dataclass(frozen=True)
class Relation:
    """Rows of one layer naming rows of another.

    Attributes
    ----------
    title : Chinese name, both ends.
    base, names : layer and the column whose cells hold ids, several joined by ``JOINT``.
    related, key : layer named and the column it is named by.
    """

    title: str
    base: type[Layer]
    names: Column
    related: type[Layer]
    key: Column


RELATIONS = (
    Relation("项目—需求", Project, Project.need, Need, Need.number),
    Relation("项目—资源", Project, Project.resources, Resource, Resource.number),
    Relation("资源—需求", Resource, Resource.matched, Need, Need.number),
    Relation("布局—需求", Site, Site.needs, Need, Need.number),
    Relation("布局—资源", Site, Site.origin, Resource, Resource.number),
    Relation("规划用地—现状用地", PlannedParcel, PlannedParcel.parcel, Parcel, Parcel.number),
    Relation("规划用地—资源", PlannedParcel, PlannedParcel.resource, Resource, Resource.number),
    Relation("规划用地—需求", PlannedParcel, PlannedParcel.needs, Need, Need.number),
    Relation("业态—设施", Business, Business.object_id, Facility, Identified.id),
    Relation("业态—需求", Business, Business.need, Need, Need.number),
    Relation("共享—设施", Sharing, Sharing.facility, Facility, Identified.id),
    Relation("站点—设施", NetworkSite, NetworkSite.object_id, Facility, Identified.id),
    Relation("站点—资源", NetworkSite, NetworkSite.object_id, Resource, Resource.number),
    Relation("站点—需求", NetworkSite, NetworkSite.needs, Need, Need.number),
)
