"""Better prompts and numbers for a recipe, found on some examples and judged on others."""
