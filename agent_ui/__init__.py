"""The screens: templates, and later static files and translations. Only files; no code lives here."""
