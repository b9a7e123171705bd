"""What is learned from: stories in files, lessons of the base's own, and which texts are alike."""
