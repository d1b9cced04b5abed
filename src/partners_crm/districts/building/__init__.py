"""Build a map file from the district polygons of the Census Bureau; needs the extra `geo` (shapely and pyshp).

    plan = plan_from("il-2021")
    built = build_map([Path("tl_2024_17_sldl.zip"), Path("tl_2024_17_sldu.zip")], plan)
    Path("il-2021.map").write_bytes(built.data)

Reading (`reading`, `shapefiles`), checking (`checking`), cutting borders into shared arcs (`arcs`), simplifying
(`simplifying`), ZIP code areas (`zips`) and the tile picture (`tiles`) have a module each; `build` joins them.
"""

from partners_crm.districts.building.build import Built, LayerReport, Report, build_map
from partners_crm.districts.building.plans import plan_from

__all__ = ["Built", "LayerReport", "Report", "build_map", "plan_from"]
