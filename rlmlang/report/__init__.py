"""Plans and runs as text and pictures. A report needs no model, no sandbox and no executor."""
