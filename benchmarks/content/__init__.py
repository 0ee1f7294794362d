"""Content adapters beside the bare vendor client and litellm, on one stub server."""
