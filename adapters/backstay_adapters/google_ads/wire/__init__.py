"""Google Ads' words and ours (API v26): everything that knows how the vendor spells things."""
