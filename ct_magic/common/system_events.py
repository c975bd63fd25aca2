"""The events that CleverTap records of every account. See `client/API.md`, "Queries"."""

SYSTEM_EVENTS = (
    "App Launched",
    "App Installed",
    "App Uninstalled",
    "Charged",
    "Notification Sent",
    "Notification Viewed",
    "Notification Clicked",
    "Push Impressions",
    "UTM Visited",
    "Session Concluded",
)
