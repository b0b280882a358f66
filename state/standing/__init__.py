"""Who may be used, who is held and until when, and how one earns the way back."""
