"""Finding texts by what stands in them: normalisation, tokens, queries, the index, its answers."""
