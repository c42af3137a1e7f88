"""Every sheet as a drawing for CAD: DXF by ezdxf, and the same as DWG where the library for it loads."""
