"""The neural style networks: any weights file becomes a module."""
