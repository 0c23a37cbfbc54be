"""Bursts of reports from new devices, which wait for a dispatcher.

A device costs nothing, so what one script sends looks like many people. Three things together are
held, and none of them by itself:

- The sender is new: a device registered hours ago, whose owner has not logged in. Whoever had the
  app yesterday passes, whatever happens around them. Many share one address (an office, a whole
  phone network), so an address alone says nothing.
- It can wait: an urgent category, or one with an emergency number, is never held. After a storm it
  is those that people install the app for. A script may claim urgency; a fire that waited is worse.
- More new devices than the pack allows have the same in common within its minutes: the address, or
  the words of the text whatever the address (a script behind many proxies). Figures in a text do
  not count, as scripts number what they send; nor does a text of a few words, which neighbours may
  well share ("no light in our street").

Devices are counted and not reports: an honest phone that repeats itself on a weak network is one,
and how much a single device may send is bounded elsewhere. Those who come before the limit pass,
and from there on everybody new who shares the same waits, as long as it goes on.

`rules` is pure, `store` counts, `service` asks both. What a held report is to whom stands where it
does for all others: `lifecycle`, `parties`, `views`.
"""
