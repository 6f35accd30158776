"""Where scripts/install_nodes.sh puts what does not come as a package of the system."""

import os
from pathlib import Path

NODE_FOLDER = Path(os.environ.get("HOLDFAST_NODES", Path.home() / ".cache" / "holdfast-nodes"))
