"""What Prometheus is told: counted where it happens, looked at when somebody asks."""
