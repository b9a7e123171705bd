"""The pages: small function views, a guard for the method on each, their forms and downloads."""
