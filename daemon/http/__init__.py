"""OpenAI's HTTP: any SDK becomes a client by changing its `base_url`."""
