"""The parts of the library's page: what of it is shown in which order, tags, the trash."""
