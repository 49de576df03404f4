"""Stage `report`: everything that is known of the published models, on one page."""
