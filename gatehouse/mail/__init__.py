"""Mail: how a letter is made and sent, never what it says."""
