"""The few names of StackStorm that actions of packs use, made anew for chatops."""
