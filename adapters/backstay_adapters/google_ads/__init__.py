"""Google Ads API v26 over gRPC."""
