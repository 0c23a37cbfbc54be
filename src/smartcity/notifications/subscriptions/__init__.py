"""Which topics each device has at FCM, kept in step with the units it follows and its language.

Whatever changes those marks the device in the same write (`identity.devices.store`); `keeping.py`
says so to FCM, again and again until it is done, and harmlessly. What was subscribed by a device
that is no more is left behind, and ended like the rest.
"""
