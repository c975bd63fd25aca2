"""Pictures of what came, as Vega-Lite: which chart fits, and its parts."""
