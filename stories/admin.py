"""The admin; its classes follow."""
