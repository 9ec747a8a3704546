"""The edge to Google Cloud: sends calls with Google's client libraries; it decides nothing."""
