"""Teaching, as pages of the app: the loop, curating, runs, models, files and the comparison."""
