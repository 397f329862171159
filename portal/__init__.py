"""The roof over the domains: settings, routes, workers, home. The only package that knows all."""
