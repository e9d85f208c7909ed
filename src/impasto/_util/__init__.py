"""What every layer may use: closing, writing files whole, working ahead, counting cores."""
