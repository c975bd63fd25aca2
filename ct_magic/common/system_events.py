"""The events that CleverTap records of every account. Source: the API's reference."""

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
